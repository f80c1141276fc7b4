// A provider's test ends in words, whatever its process does.
import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { testProvider } from './provider-test.ts'

const script = (text: string) => () =>
  spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })

test('the processor’s own test, in a real engine process', async () => {
  expect(await testProvider('cpu')).toMatchObject({ state: 'tested', result: { difference: 0 } })
})

test('a provider that this system lacks is refused, with onnxruntime’s reason', async () => {
  const missing = process.platform === 'win32' ? 'coreml' : 'dml'
  const outcome = await testProvider(missing)
  expect(outcome.state).toBe('refused')
  expect((outcome as { message: string }).message).not.toBe('')
})

test('a process that is killed by its driver', async () => {
  const crash = script('process.kill(process.pid, "SIGSEGV")')
  expect(await testProvider('webgpu', { spawn: crash })).toEqual({
    state: 'crashed',
    how: 'SIGSEGV',
  })
})

test('a process that gives up', async () => {
  expect(await testProvider('webgpu', { spawn: script('process.exit(3)') })).toEqual({
    state: 'crashed',
    how: 'exit code 3',
  })
})

test('a process that never answers is ended', async () => {
  const child = script('setInterval(() => {}, 1000)')()
  const gone = new Promise(resolve => child.once('exit', (_, signal) => resolve(signal)))
  const outcome = await testProvider('webgpu', { spawn: () => child, timeoutMs: 1000 })
  expect(outcome).toEqual({ state: 'silent', seconds: 1 })
  expect(await gone).toBe('SIGKILL')
})

test('a program that cannot be started', async () => {
  const missing = () =>
    spawn('/there/is/no/such/program', { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  expect(await testProvider('webgpu', { spawn: missing })).toMatchObject({ state: 'crashed' })
})

test('the app closes meanwhile', async () => {
  const abort = new AbortController()
  const child = script('setInterval(() => {}, 1000)')()
  const gone = new Promise(resolve => child.once('exit', (_, signal) => resolve(signal)))
  const testing = testProvider('webgpu', { spawn: () => child, signal: abort.signal })
  abort.abort()
  expect(await testing).toMatchObject({ state: 'crashed' })
  expect(await gone).toBe('SIGKILL')
})
