// Keeps an engine process alive: one that dies is followed by another, ever later while they die at once.
import type { ChildProcess } from 'node:child_process'
import type { FromEngine, ToEngine } from '../run/protocol.ts'

export interface EngineProcess {
  /** Without effect while there is none: `lost` has been said. */
  send(message: ToEngine): void
  kill(): void
  /** Another one takes its place at once. */
  replace(): void
  /** Something has worked: the next one that dies is followed at once. */
  resetBackOff(): void
  /** Resolves when it is gone for good. */
  close(): Promise<void>
  readonly pid: number | undefined
}

export interface EngineProcessOptions {
  /** Starts the process with an IPC channel and piped output. */
  spawn(): ChildProcess
  /** The first that every process is told. */
  firstMessage: ToEngine
  log(text: string): void
  onStart(): void
  onMessage(message: FromEngine): void
  /** It is gone, on purpose or not; `logTail` is the last that it wrote. */
  onExit(how: string, logTail: string): void
}

const closeTimeoutMs = 2_000
const defaultBackOffMs = { first: 200, most: 30_000 }
const logTailLength = 2_000

export function keepEngineProcess(options: EngineProcessOptions): EngineProcess {
  let child: ChildProcess | undefined
  let restart: NodeJS.Timeout | undefined
  let backOffMs = 0
  let logTail = ''
  let closing = false
  let closed: Promise<void> | undefined

  const send = (message: ToEngine) => {
    // A process that is going away answers by its exit, not by an exception here.
    if (child?.connected) child.send(message, () => {})
  }

  function start(): void {
    logTail = ''
    options.onStart()
    try {
      child = options.spawn()
    } catch (error) {
      handleExit(error instanceof Error ? error.message : String(error))
      return
    }
    const started = child
    const listen = (text: Buffer) => {
      logTail = (logTail + text).slice(-logTailLength)
      options.log(String(text))
    }
    started.stdout?.on('data', listen)
    started.stderr?.on('data', listen)
    started.on('message', message => child === started && options.onMessage(message as FromEngine))
    const onGone = (how: string) => child === started && handleExit(how)
    started.on('error', error => {
      started.kill('SIGKILL')
      onGone(error.message)
    })
    started.on('exit', (code, signal) =>
      onGone(signal ? `killed by ${signal}` : `exit code ${code}`),
    )
    send(options.firstMessage)
  }

  function handleExit(how: string): void {
    child = undefined
    if (!closing) {
      restart = setTimeout(start, backOffMs)
      backOffMs = Math.min(backOffMs * 2 || defaultBackOffMs.first, defaultBackOffMs.most)
    }
    options.onExit(how, logTail)
  }

  /** Closing the channel asks the process to end; one that is deep in a computation is killed. */
  async function stop(): Promise<void> {
    clearTimeout(restart)
    const ending = child
    // Between two processes nobody else will say that it is over.
    if (!ending) return handleExit('closed')
    const gone = new Promise<void>(resolve => ending.once('exit', () => resolve()))
    if (ending.connected) ending.disconnect()
    const kill = setTimeout(() => ending.kill('SIGKILL'), closeTimeoutMs)
    await gone
    clearTimeout(kill)
  }

  start()

  return {
    send,
    kill: () => void child?.kill('SIGKILL'),
    replace() {
      child?.kill('SIGKILL')
      backOffMs = 0
      handleExit('let go')
    },
    resetBackOff() {
      backOffMs = 0
    },
    close() {
      closing = true
      closed ??= stop()
      return closed
    },
    get pid() {
      return child?.pid
    },
  }
}
