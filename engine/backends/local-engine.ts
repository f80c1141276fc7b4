// This machine's engine: gives jobs to the engine process, one at a time. Whoever calls `run` always
// hears how it ended, whatever becomes of the process.
import type { ChildProcess } from 'node:child_process'
import { isEnd, type Job, type RunEvent } from '../run/events.ts'
import type { EngineConfig, FromEngine } from '../run/protocol.ts'
import { type ActiveRun, activeRun } from './active-run.ts'
import { keepEngineProcess } from './engine-process.ts'
import { forkWorker } from './fork-worker.ts'

export type EngineState = 'starting' | 'ready' | 'busy' | 'stopped'

export interface LocalEngine {
  /**
   * Resolves when the run has ended: its last event is `finished`, `failed` or `interrupted`.
   * One run at a time. @throws Error if another run goes on, or after `close`.
   */
  run(job: Job, onEvent: (event: RunEvent) => void, signal?: AbortSignal): Promise<void>
  /** Lets go of loaded models, and of cached results if asked: then an idle process is replaced. */
  free(results?: boolean): void
  close(): Promise<void>
  /** Calls back whenever `state` or `memory` changed. */
  subscribe(listener: () => void): () => void
  readonly state: EngineState
  readonly memory: { rssBytes: number; modelBytes: number }
  readonly provider: string
  /** What it had to do otherwise than asked, for the user; said on standard error too. */
  readonly notices: readonly string[]
  readonly pid: number | undefined
}

export interface LocalEngineOptions {
  /** Starts the process with an IPC channel and piped output. Electron passes its own. */
  spawn?: () => ChildProcess
  /** Lines that the process writes; standard error by default. */
  log?: (text: string) => void
  /** A run that has not stopped this long after an interrupt is ended with its process. */
  interruptTimeoutMs?: number
}

const defaultInterruptTimeoutMs = 20_000
const maxNotices = 5

export function startLocalEngine(
  config: EngineConfig,
  {
    spawn = forkWorker,
    log = text => process.stderr.write(text),
    interruptTimeoutMs = defaultInterruptTimeoutMs,
  }: LocalEngineOptions = {},
): LocalEngine {
  const listeners = new Set<() => void>()
  let state: EngineState = 'starting'
  let memory = { rssBytes: 0, modelBytes: 0 }
  let provider: string = config.provider ?? 'cpu'
  const notices: string[] = []
  let current: ActiveRun | undefined
  let closed = false

  const notifyListeners = () => {
    for (const listener of listeners) listener()
  }
  const setState = (next: EngineState) => {
    state = next
    notifyListeners()
  }

  const worker = keepEngineProcess({
    spawn,
    log,
    firstMessage: { type: 'configure', config },
    onStart: () => setState('starting'),
    onMessage,
    onExit(how, logTail) {
      memory = { rssBytes: 0, modelBytes: 0 }
      setState(closed ? 'stopped' : 'starting')
      if (!current) return
      const { executed, interrupted } = current
      const onGpu = config.provider !== undefined && config.provider !== 'cpu'
      const asked = interrupted || closed
      deliver(asked ? { type: 'interrupted', executed } : current.failureOf(how, logTail, onGpu))
    },
  })

  function onMessage(message: FromEngine): void {
    if (message.type === 'memory') {
      const { rssBytes, modelBytes } = message
      memory = { rssBytes, modelBytes }
      notifyListeners()
    } else if (message.type === 'ready') {
      provider = message.provider
      setState(current ? 'busy' : 'ready')
      sendJob()
    } else if (message.type === 'notice') {
      note(message.text)
    } else if (message.type === 'event' && current?.job.id === message.job) {
      deliver(message.event)
    }
  }

  /** Few: a model that does not fit is one notice, however often it runs. */
  function note(text: string): void {
    if (notices.includes(text)) return
    notices.splice(0, notices.length - maxNotices + 1)
    notices.push(text)
    log(`${text}\n`)
    notifyListeners()
  }

  function sendJob(): void {
    if (!current || current.sent || state === 'starting' || state === 'stopped') return
    current.sent = true
    worker.send({ type: 'run', job: current.job })
  }

  function deliver(event: RunEvent): void {
    const run = current
    if (!run) return
    if (isEnd(event)) {
      clearTimeout(run.escalation)
      current = undefined
      if (event.type === 'finished') worker.resetBackOff()
      if (state === 'busy') setState('ready')
    }
    run.emit(event)
  }

  function interrupt(run: ActiveRun): void {
    run.interrupted = true
    if (!run.sent) {
      deliver({ type: 'interrupted', executed: [] })
      return
    }
    worker.send({ type: 'interrupt', job: run.job.id })
    run.escalation ??= setTimeout(() => {
      if (current === run) worker.kill()
    }, interruptTimeoutMs)
  }

  return {
    async run(job, onEvent, signal) {
      if (closed) throw new Error('The engine has been closed.')
      if (current) throw new Error('The engine is busy with another run.')
      if (signal?.aborted) return onEvent({ type: 'interrupted', executed: [] })
      const run = activeRun(job, onEvent)
      current = run
      const onAbort = () => interrupt(run)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (state === 'ready') setState('busy')
      sendJob()
      await run.ended
      signal?.removeEventListener('abort', onAbort)
    },
    free(results = false) {
      // A new process gives back all that allocators keep: an idle one has nothing to lose.
      if (results && state === 'ready') worker.replace()
      else worker.send({ type: 'free', results })
    },
    close() {
      closed = true
      return worker.close()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get state() {
      return state
    },
    get memory() {
      return memory
    },
    get provider() {
      return provider
    },
    get notices() {
      return notices
    },
    get pid() {
      return worker.pid
    },
  }
}
