// Tests a provider in an engine process of its own: a driver that crashes or hangs takes nothing
// else along.
import type { ChildProcess } from 'node:child_process'
import type { Provider } from '../inference/layers.ts'
import { type Outcome, shortReason } from '../inference/providers/choice.ts'
import type { FromEngine, ToEngine } from '../run/protocol.ts'
import { forkWorker } from './fork-worker.ts'

/** The signal ends the test early; its outcome then says nothing. */
export type TestProvider = (provider: Provider, signal?: AbortSignal) => Promise<Outcome>

export interface ProviderTestOptions {
  /** As the local engine's. */
  spawn?: () => ChildProcess
  timeoutMs?: number
  signal?: AbortSignal
}

/** A GPU compiles its programs at the first use; a software adapter takes half a minute. */
const testTimeoutMs = 120_000

/** Resolves in any case. */
export function testProvider(
  provider: Provider,
  { spawn = forkWorker, timeoutMs = testTimeoutMs, signal }: ProviderTestOptions = {},
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  let child: ChildProcess
  try {
    child = spawn()
  } catch (error) {
    return Promise.resolve({ state: 'crashed', how: String(error) })
  }
  const timer = setTimeout(
    () => end({ state: 'silent', seconds: Math.round(timeoutMs / 1000) }),
    timeoutMs,
  )
  function end(outcome: Outcome): void {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
    resolve(outcome)
    child.kill('SIGKILL')
  }
  const stop = () => end({ state: 'crashed', how: 'it was stopped' })
  signal?.addEventListener('abort', stop)
  child.on('message', message => {
    const answer = message as FromEngine
    if (answer.type !== 'self-test') return
    end(
      answer.result
        ? { state: 'tested', result: answer.result }
        : { state: 'refused', message: shortReason(answer.error ?? 'it gave no reason') },
    )
  })
  child.on('error', error => end({ state: 'crashed', how: error.message }))
  child.on('exit', (code, signal) => end({ state: 'crashed', how: signal ?? `exit code ${code}` }))
  // What drivers write is for nobody; a full pipe would stop them.
  child.stdout?.resume()
  child.stderr?.resume()
  const ask: ToEngine = { type: 'self-test', provider }
  child.send(ask, () => {})
  return promise
}
