import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Provider } from '../inference/layers.ts'
import type { Outcome } from '../inference/providers/choice.ts'
import { thisMachine } from '../inference/providers/machine.ts'
import { selfTestKey, selfTests } from './self-tests.ts'

const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-self-tests-'))
afterAll(() => rmSync(folder, { recursive: true }))

const passed: Outcome = {
  state: 'tested',
  result: { difference: 4e-5, gflops: 900, processorGflops: 100 },
}

function tester(outcome: Outcome = passed) {
  const asked: Provider[] = []
  const test = async (provider: Provider) => {
    asked.push(provider)
    return outcome
  }
  return { asked, test }
}

test('a driver is tested once, also after a restart; not for another key', async () => {
  const file = join(folder, 'once.json')
  const { asked, test } = tester()
  const first = selfTests({ file, key: 'a', test })
  expect(await Promise.all([first.test('webgpu'), first.test('webgpu')])).toEqual([passed, passed])
  expect(await selfTests({ file, key: 'a', test }).test('webgpu')).toEqual(passed)
  expect(asked).toEqual(['webgpu'])
  expect(selfTests({ file, key: 'b', test }).known('webgpu')).toBeUndefined()
})

test('forgotten, it is tested anew', async () => {
  const { asked, test } = tester({ state: 'crashed', how: 'SIGSEGV' })
  const tests = selfTests({ key: 'a', test })
  await tests.test('cuda')
  tests.forget('cuda')
  expect(await tests.test('cuda')).toEqual({ state: 'crashed', how: 'SIGSEGV' })
  expect(asked).toHaveLength(2)
})

test('infinitely wrong stays infinitely wrong', async () => {
  const file = join(folder, 'infinite.json')
  const wrong: Outcome = {
    state: 'tested',
    result: { difference: Number.POSITIVE_INFINITY, gflops: 1, processorGflops: 1 },
  }
  await selfTests({ file, key: 'a', test: tester(wrong).test }).test('dml')
  expect(selfTests({ file, key: 'a', test: tester().test }).known('dml')).toEqual(wrong)
})

test('a damaged file is as none; a folder that is gone stops nothing', async () => {
  const file = join(folder, 'damaged.json')
  writeFileSync(file, '{"key":"a","outcomes":{"cpu":{"state":"fine"}}}')
  const { asked, test } = tester()
  await selfTests({ file, key: 'a', test }).test('cpu')
  expect(asked).toEqual(['cpu'])
  expect(JSON.parse(readFileSync(file, 'utf8')).outcomes.cpu).toEqual(passed)
  expect(await selfTests({ file: join(folder, 'no/such'), key: 'a', test }).test('cpu')).toEqual(
    passed,
  )
})

test('what the app’s end cut short is not remembered', async () => {
  const abort = new AbortController()
  const file = join(folder, 'cut.json')
  const cut = selfTests({ file, key: 'a', test: tester().test, signal: abort.signal })
  abort.abort()
  await cut.test('webgpu')
  expect(cut.known('webgpu')).toBeUndefined()
})

test('another driver, another onnxruntime or another Vulkan driver is another key', () => {
  const machine = { ...thisMachine(), env: {} }
  const gpu = { vendor: 'NVIDIA', name: 'a', driver: '1' } as const
  const keys = [
    selfTestKey(machine, [gpu], '1.30.0'),
    selfTestKey(machine, [{ ...gpu, driver: '2' }], '1.30.0'),
    selfTestKey(machine, [gpu], '1.31.0'),
    selfTestKey({ ...machine, env: { VK_ICD_FILENAMES: '/x' } }, [gpu], '1.30.0'),
  ]
  expect(new Set(keys).size).toBe(keys.length)
  expect(selfTestKey(machine, [{ ...gpu }], '1.30.0')).toBe(keys[0])
})
