// What an engine process has to do otherwise than asked reaches the user.
import { spawn } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import type { RunEvent } from '../run/events.ts'
import { jobOf } from '../run/fixtures/run-prompt.ts'
import type { EngineConfig } from '../run/protocol.ts'
import { startTestEngine } from './fixtures/test-engine.ts'
import type { LocalEngine } from './local-engine.ts'

const engines: LocalEngine[] = []
afterEach(async () => {
  await Promise.all(engines.splice(0).map(engine => engine.close()))
})

/** An engine whose process is ready, says `notices` and dies of the first job. */
function start(notices: string[], config: Partial<EngineConfig> = {}) {
  const script = `
    process.on('message', ({ type, config }) => {
      if (type === 'run') process.exit(9)
      process.send({ type: 'ready', provider: config.provider ?? 'cpu' })
      for (const text of ${JSON.stringify(notices)}) process.send({ type: 'notice', text })
    })`
  const logged: string[] = []
  const engine = startTestEngine(
    {
      spawn: () =>
        spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }),
      log: text => logged.push(text),
    },
    config,
  )
  engines.push(engine)
  return { engine, logged }
}

const heard = (engine: LocalEngine, count: number) =>
  new Promise<void>(resolve => {
    const look = () => engine.notices.length >= count && resolve()
    engine.subscribe(look)
    look()
  })

test('each notice once, on standard error too', async () => {
  const { engine, logged } = start([
    'It is on the processor.',
    'It is on the processor.',
    'So is that.',
  ])
  await heard(engine, 2)
  expect(engine.notices).toEqual(['It is on the processor.', 'So is that.'])
  expect(logged).toEqual(['It is on the processor.\n', 'So is that.\n'])
})

test('only the last few are kept', async () => {
  const { engine } = start(Array.from({ length: 40 }, (_, i) => `Notice ${i}.`))
  await new Promise<void>(resolve => {
    engine.subscribe(() => engine.notices.includes('Notice 39.') && resolve())
  })
  expect(engine.notices).toEqual([35, 36, 37, 38, 39].map(i => `Notice ${i}.`))
})

test('an engine that dies on a GPU points at the driver', async () => {
  const { engine } = start([], { provider: 'cuda' })
  expect(engine.provider).toBe('cuda')
  const events: RunEvent[] = []
  await engine.run(jobOf({ one: ['Number', { value: 1 }] }), event => events.push(event))
  expect(events.at(-1)).toMatchObject({
    code: 'engine_died',
    hint: expect.stringContaining('choose the processor in the settings'),
  })
})
