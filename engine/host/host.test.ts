// The core without a door: what it says at the start, and how it goes down.
import { once } from 'node:events'
import { existsSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type TestHost, testHost, until } from './fixtures/test-host.ts'
import type { Submission } from './submission.ts'

let test1: TestHost | undefined
afterEach(async () => {
  await test1?.end()
  test1 = undefined
})
const submission = (id: string): Submission => ({
  id,
  name: id,
  words: '',
  extraData: '{}',
  pngInfo: '{}',
  prompt: '{}',
})

test('a broken extra_model_paths.yaml is said aloud and left out', async () => {
  test1 = testHost()
  writeFileSync(join(test1.dir, 'extra_model_paths.yaml'), 'a: [1')
  const host = await test1.restart()
  expect(host.notices.join()).toMatch(/extra_model_paths\.yaml is not valid YAML.*left out/)
  expect(host.system.info().notice).toBe(host.notices[0])
  expect(host.models().list('checkpoints')).toContain('starter.safetensors')
})

test('a damaged database is said aloud; the app starts all the same', async () => {
  test1 = testHost()
  await test1.host.close()
  writeFileSync(join(test1.dir, 'comfyrunner.db'), 'x'.repeat(8192))
  test1 = testHost(() => {}, test1.dir)
  expect(test1.host.notices[0]).toContain('comfyrunner.db.damaged')
  expect(existsSync(join(test1.dir, 'comfyrunner.db.damaged'))).toBe(true)
})

test('previews of past days are cleared away, those of today stay', async () => {
  test1 = testHost()
  await test1.picture('temp', 'old.png')
  await test1.picture('temp', 'new.png')
  utimesSync(join(test1.host.folders.temp, 'old.png'), 1, 1)
  const { folders } = await test1.restart()
  expect(existsSync(join(folders.temp, 'old.png'))).toBe(false)
  expect(existsSync(join(folders.temp, 'new.png'))).toBe(true)
})

test('a picture that went missing before it was written down fails the run by name', async () => {
  test1 = testHost(async (_, say, signal) => {
    say({
      type: 'shown',
      node: '9',
      cached: false,
      shown: { images: [{ filename: 'gone.png', subfolder: '', type: 'output' }] },
    })
    say({ type: 'done', node: '9', ms: 1 })
    // The engine would go on for an hour: it is told that nobody waits any more.
    if (!signal.aborted) await once(signal, 'abort')
    say({ type: 'interrupted', executed: [] })
  })
  const { host } = test1
  host.submit(submission('r'))
  const run = await until(
    () => host.run('r')?.state !== 'queued' && host.run('r')?.state !== 'running' && host.run('r'),
  )
  expect(run).toMatchObject({ state: 'failed', outputs: [] })
  expect(run.failure).toMatchObject({ code: 'output_failed', node: '9' })
  expect(run.failure!.message).toContain('gone.png')
})

test('queued runs outlive a restart, in their order, and the pause does too', async () => {
  test1 = testHost()
  test1.host.queue.pause(true)
  for (const id of ['a', 'b', 'c']) test1.host.submit(submission(id))
  test1.host.queue.move('c', 'a')
  const host = await test1.restart()
  expect(host.queue.paused).toBe(true)
  expect(host.queue.pending().map(run => run.id)).toEqual(['c', 'a', 'b'])
  host.queue.pause(false)
  await until(() => host.run('b')!.state === 'done')
  expect(test1.engine.jobs.map(job => job.id)).toEqual(['c', 'a', 'b'])
})

test('other model folders, memory budget or precision restart the engine, other settings do not', async () => {
  test1 = testHost()
  const { host } = test1
  const started = () => test1!.configs.length
  host.store.settings.change({ theme: 'dark' })
  host.settingsChanged({ theme: 'dark' })
  expect(started()).toBe(1)
  host.store.settings.change({ modelDirs: [join(test1.dir, 'more')], memoryBudgetMb: 100 })
  host.settingsChanged({ modelDirs: [join(test1.dir, 'more')] })
  expect(started()).toBe(2)
  expect(test1.configs[1]).toMatchObject({ memoryBudgetBytes: 100 * 2 ** 20 })
  expect(test1.configs[1]!.modelDirs).toContain(join(test1.dir, 'more'))
  expect(test1.configs[1]!.int8Dir).toBeUndefined()
  host.store.settings.change({ precision: 'int8' })
  host.settingsChanged({ precision: 'int8' })
  expect(test1.configs[2]!.int8Dir).toBe(join(test1.dir, 'int8'))
})
