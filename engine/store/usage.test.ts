// Counting: once a run, on the allowance that is there, through kill -9.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore, type Store } from './store.ts'

let dir: string
let store: Store
const open = () => {
  store = openStore(join(dir, 'comfyrunner.db'))
}
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'usage-'))
  open()
})
afterEach(() => {
  store.close()
  rmSync(dir, { recursive: true, force: true })
})

const lease = (id: string, units: number, used = 0) =>
  store.usage.putLease('ann', { id, units, used }, 0)

test('a run counts once, on the oldest lease with room', () => {
  lease('first', 1)
  lease('second', 5)
  expect(store.usage.count('ann', 'run-1', 'workflow', 10)).toBe(true)
  expect(store.usage.count('ann', 'run-1', 'workflow', 11)).toBe(false)
  expect(store.usage.count('ann', 'run-2', 'workflow', 12)).toBe(true)
  expect(store.usage.events('ann', 10)).toEqual([
    { id: 'run-1', lease: 'first', kind: 'workflow', occurredMs: 10 },
    { id: 'run-2', lease: 'second', kind: 'workflow', occurredMs: 12 },
  ])
  expect(store.usage.leases('ann')).toEqual([
    { id: 'first', units: 1, used: 1 },
    { id: 'second', units: 5, used: 1 },
  ])
})

test('what was run beyond the allowance is told all the same', () => {
  expect(store.usage.count('ann', 'run-0', 'workflow', 1)).toBe(false)
  lease('only', 1)
  for (const run of ['run-1', 'run-2']) store.usage.count('ann', run, 'workflow', 2)
  expect(store.usage.pending('ann')).toBe(2)
  expect(store.usage.leases('ann')).toEqual([{ id: 'only', units: 1, used: 2 }])
})

test('a spent lease stays until its runs are confirmed; another person’s counts stay apart', () => {
  lease('spent', 1)
  store.usage.putLease('bob', { id: 'bobs', units: 3, used: 0 }, 0)
  store.usage.count('ann', 'run-1', 'workflow', 1)
  store.usage.count('bob', 'run-2', 'workflow', 1)
  store.usage.confirm('ann', [])
  expect(store.usage.leases('ann')).toHaveLength(1)
  store.usage.confirm('ann', ['run-1'])
  expect(store.usage.leases('ann')).toEqual([])
  expect(store.usage.pending('bob')).toBe(1)
  store.usage.forgetUser('bob')
  expect([store.usage.pending('bob'), store.usage.leases('bob')]).toEqual([0, []])
})

test('an older word of the cloud does not give used units back', () => {
  lease('one', 5)
  for (const run of ['a', 'b', 'c']) store.usage.count('ann', run, 'workflow', 1)
  lease('one', 8, 1)
  expect(store.usage.leases('ann')).toEqual([{ id: 'one', units: 8, used: 3 }])
})

test('killed at any moment: every run that was confirmed is counted, and once', async () => {
  lease('big', 100_000)
  store.close()
  const program = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'store.ts'))}
    const store = openStore(${JSON.stringify(join(dir, 'comfyrunner.db'))})
    for (let i = 0; ; i++) {
      const id = process.argv[1] + '-' + i
      // As a run ends: both or neither, then the word to whoever waits.
      store.transaction(() => store.usage.count('ann', id, 'workflow', Date.now()))
      process.stdout.write(id + '\\n')
    }`
  const confirmed = new Set<string>()
  for (let life = 0; life < 4; life++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, `life${life}`])
    let said = ''
    child.stdout.on('data', (data: Buffer) => {
      said += data
      if (said.length > 400 * (life + 1)) child.kill('SIGKILL')
    })
    await new Promise(resolve => child.on('close', resolve))
    for (const id of said.split('\n').slice(0, -1)) confirmed.add(id)
  }
  open()
  const counted = store.usage.events('ann', 1_000_000).map(({ id }) => id)
  expect(confirmed.size).toBeGreaterThan(100)
  expect(new Set(counted).size).toBe(counted.length)
  expect([...confirmed].filter(id => !counted.includes(id))).toEqual([])
  // Its unit and its row are one write.
  expect(store.usage.leases('ann')[0]!.used).toBe(counted.length)
})
