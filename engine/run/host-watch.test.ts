import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const module = JSON.stringify(join(import.meta.dirname, 'host-watch.ts'))

/** An engine that is deep in a computation from its first moment on, and its host. */
const engine = `
const { endWithHost } = await import(${module})
endWithHost()
await new Promise(resolve => setTimeout(resolve, 300))
process.stdout.write(String(process.pid))
for (;;);
`
const host = `
const { spawn } = await import('node:child_process')
spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(engine)}], {
  stdio: ['ignore', 'inherit', 'inherit'],
})
`

const lives = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.skipIf(process.platform === 'win32')(
  'an engine that computes without a pause ends when its host is killed',
  async () => {
    const running = spawn(process.execPath, ['--input-type=module', '-e', host], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [said] = await once(running.stdout, 'data')
    const pid = Number(said)
    expect(lives(pid)).toBe(true)
    running.kill('SIGKILL')
    for (let i = 0; i < 200 && lives(pid); i++) await new Promise(done => setTimeout(done, 100))
    expect(lives(pid)).toBe(false)
  },
)
