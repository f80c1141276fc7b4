// This machine's engine: starts the engine process, gives it jobs and puts another in its place when
// it dies. Whoever calls `run` always hears how it ended.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { NodeId } from '../graph/document.ts'
import type { Job, RunEvent, RunFailure } from '../run/events.ts'
import type { EngineConfig, FromEngine, ToEngine } from '../run/protocol.ts'

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

const INTERRUPT_TIMEOUT_MS = 20_000
const CLOSE_TIMEOUT_MS = 2_000
const BACK_OFF_MS = { first: 200, most: 30_000 }
const LOG_TAIL = 2_000
const NOTICES_MOST = 5

/** From the sources the worker is a TypeScript file; for a bundle, one of `dist/parts`, it is `dist/engine.mjs`. */
const workerPath = () => {
  const here = import.meta.url
  const worker = here.endsWith('.ts') ? '../run/worker.ts' : '../engine.mjs'
  return fileURLToPath(new URL(worker, here))
}

/**
 * For glibc, which otherwise keeps what networks have freed: half a gigabyte after a picture of a
 * model that was let go. https://man7.org/linux/man-pages/man3/mallopt.3.html
 * With large pages the system spends a third of the time on handing memory out.
 * https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html
 */
const allocation = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '1000000',
  MALLOC_TRIM_THRESHOLD_: '1000000',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
}

export const forkWorker = (): ChildProcess =>
  fork(workerPath(), [], {
    execArgv: [],
    env: { ...allocation, ...process.env },
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })

interface CurrentRun {
  job: Job
  onEvent: (event: RunEvent) => void
  ended: () => void
  executed: NodeId[]
  /** Nodes that have started and are not done. */
  working: Set<NodeId>
  sent: boolean
  interrupted: boolean
  escalation?: NodeJS.Timeout
}

const isLast = (event: RunEvent) =>
  event.type === 'finished' || event.type === 'failed' || event.type === 'interrupted'

export function startLocalEngine(
  config: EngineConfig,
  {
    spawn = forkWorker,
    log = text => process.stderr.write(text),
    interruptTimeoutMs = INTERRUPT_TIMEOUT_MS,
  }: LocalEngineOptions = {},
): LocalEngine {
  const listeners = new Set<() => void>()
  let state: EngineState = 'starting'
  let memory = { rssBytes: 0, modelBytes: 0 }
  let provider: string = config.provider ?? 'cpu'
  const notices: string[] = []
  let child: ChildProcess | undefined
  let restart: NodeJS.Timeout | undefined
  let backOffMs = 0
  let logTail = ''
  let current: CurrentRun | undefined
  let closed: Promise<void> | undefined

  const changed = () => {
    for (const listener of listeners) listener()
  }
  const become = (next: EngineState) => {
    state = next
    changed()
  }
  const send = (message: ToEngine) => {
    // A process that is going away answers by its exit, not by an exception here.
    if (child?.connected) child.send(message, () => {})
  }

  function start(): void {
    restart = undefined
    logTail = ''
    become('starting')
    try {
      child = spawn()
    } catch (error) {
      lost(error instanceof Error ? error.message : String(error))
      return
    }
    const started = child
    const listen = (text: Buffer) => {
      logTail = (logTail + text).slice(-LOG_TAIL)
      log(String(text))
    }
    started.stdout?.on('data', listen)
    started.stderr?.on('data', listen)
    started.on('message', message => child === started && hear(message as FromEngine))
    const onGone = (how: string) => child === started && lost(how)
    started.on('error', error => {
      started.kill('SIGKILL')
      onGone(error.message)
    })
    started.on('exit', (code, signal) =>
      onGone(signal ? `killed by ${signal}` : `exit code ${code}`),
    )
    send({ type: 'configure', config })
  }

  function hear(message: FromEngine): void {
    if (message.type === 'memory') {
      const { rssBytes, modelBytes } = message
      memory = { rssBytes, modelBytes }
      changed()
    } else if (message.type === 'ready') {
      provider = message.provider
      become(current ? 'busy' : 'ready')
      sendJob()
    } else if (message.type === 'notice') {
      if (notices.includes(message.text)) return
      // Few: a model that does not fit is one notice, however often it runs.
      notices.splice(0, notices.length - NOTICES_MOST + 1)
      notices.push(message.text)
      log(`${message.text}\n`)
      changed()
    } else if (message.type === 'event' && current?.job.id === message.job) {
      deliver(message.event)
    }
  }

  function sendJob(): void {
    if (!current || current.sent || state === 'starting' || state === 'stopped') return
    current.sent = true
    send({ type: 'run', job: current.job })
  }

  function deliver(event: RunEvent): void {
    const run = current
    if (!run) return
    if (event.type === 'started') run.working.add(event.node)
    if (event.type === 'done') {
      if (run.working.delete(event.node)) run.executed.push(event.node)
    }
    if (isLast(event)) {
      clearTimeout(run.escalation)
      current = undefined
      if (event.type === 'finished') backOffMs = 0
      if (state === 'busy') become('ready')
    }
    try {
      run.onEvent(event)
    } finally {
      if (isLast(event)) run.ended()
    }
  }

  /** The process is gone: another one is started, and the run hears of it. */
  function lost(how: string): void {
    child = undefined
    memory = { rssBytes: 0, modelBytes: 0 }
    if (!closed) {
      restart = setTimeout(start, backOffMs)
      backOffMs = Math.min(backOffMs * 2 || BACK_OFF_MS.first, BACK_OFF_MS.most)
    }
    become(closed ? 'stopped' : 'starting')
    const run = current
    if (!run) return
    const { executed } = run
    const asked = run.interrupted || closed
    const onGpu = config.provider !== undefined && config.provider !== 'cpu'
    deliver(asked ? { type: 'interrupted', executed } : engineDied(how, logTail, run, onGpu))
  }

  function interrupt(run: CurrentRun): void {
    run.interrupted = true
    if (!run.sent) {
      deliver({ type: 'interrupted', executed: [] })
      return
    }
    send({ type: 'interrupt', job: run.job.id })
    run.escalation ??= setTimeout(() => {
      if (current === run) child?.kill('SIGKILL')
    }, interruptTimeoutMs)
  }

  start()

  return {
    async run(job, onEvent, signal) {
      if (closed) throw new Error('The engine has been closed.')
      if (current) throw new Error('The engine is busy with another run.')
      if (signal?.aborted) return onEvent({ type: 'interrupted', executed: [] })
      const { promise, resolve: ended } = Promise.withResolvers<void>()
      const run: CurrentRun = {
        job,
        onEvent,
        ended,
        executed: [],
        working: new Set(),
        sent: false,
        interrupted: false,
      }
      current = run
      const onAbort = () => interrupt(run)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (state === 'ready') become('busy')
      sendJob()
      await promise
      signal?.removeEventListener('abort', onAbort)
    },
    free(results = false) {
      if (!results || state !== 'ready') return send({ type: 'free', results })
      // A new process gives back all that allocators keep: this one has nothing to lose.
      child?.kill('SIGKILL')
      backOffMs = 0
      lost('let go')
    },
    close() {
      closed ??= stop()
      return closed
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
      return child?.pid
    },
  }

  /** Closing the channel asks the process to end; one that is deep in a computation is killed. */
  async function stop(): Promise<void> {
    clearTimeout(restart)
    const ending = child
    if (!ending) {
      // Between two processes: nobody else will say that the run is over.
      if (current) deliver({ type: 'interrupted', executed: current.executed })
      return become('stopped')
    }
    const gone = new Promise<void>(resolve => ending.once('exit', () => resolve()))
    if (ending.connected) ending.disconnect()
    const kill = setTimeout(() => ending.kill('SIGKILL'), CLOSE_TIMEOUT_MS)
    await gone
    clearTimeout(kill)
  }
}

function engineDied(how: string, logTail: string, run: CurrentRun, onGpu: boolean): RunFailure {
  const working = [...run.working].at(-1)
  const where = working === undefined ? '' : ` while node ${working} was running`
  const killed = how.includes('SIGKILL') || /bad_alloc|out of memory/i.test(logTail)
  return {
    type: 'failed',
    code: 'engine_died',
    message: `The engine process ended unexpectedly${where} (${how}).`,
    hint: killed
      ? 'Most often the memory of the machine was used up: try a smaller picture. The engine has been started again.'
      : onGpu
        ? 'The engine has been started again. If it happens again, choose the processor in the settings: the GPU’s driver may be the cause.'
        : 'The engine has been started again: run once more. If it happens again, please report it.',
    exceptionType: 'EngineDied',
    traceback: logTail.trim() ? logTail.trim().split('\n') : undefined,
    executed: run.executed,
  }
}
