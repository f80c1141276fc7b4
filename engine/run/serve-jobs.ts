// The engine process's side of protocol.ts: one job at a time, interrupts at once, memory reports.
import type { Provider } from '../inference/layers.ts'
import type { Models } from '../nodes/models.ts'
import type { Job, RunEvent } from './events.ts'
import { type Environment, execute } from './executor.ts'
import { failureOf } from './failure.ts'
import { hostChannel } from './host-channel.ts'
import type { EngineConfig, FromEngine, ToEngine } from './protocol.ts'

const memoryReportMs = 2000

/** Models as the engine process owns them. */
export interface ModelOwner extends Models {
  /** Lets go of everything loaded. */
  free(): Promise<void>
  /** What is loaded. */
  bytes(): number
}

export interface EngineEnvironment extends Environment {
  models: ModelOwner
}

/** @param build called once the process has said that it is there, so it may import what is heavy */
export function serveJobs(
  build: (config: EngineConfig, notice: (text: string) => void) => Promise<EngineEnvironment>,
): void {
  const channel = hostChannel()
  const send = (message: FromEngine) => channel.send(message)
  let building: Promise<EngineEnvironment> | undefined
  let models: ModelOwner | undefined
  let running: { id: string; abort: AbortController } | undefined

  const reportMemory = () =>
    send({
      type: 'memory',
      rssBytes: process.memoryUsage.rss(),
      modelBytes: models?.bytes() ?? 0,
    })

  async function configured(): Promise<EngineEnvironment> {
    if (!building) throw new Error('The engine has not been configured.')
    const environment = await building
    models = environment.models
    return environment
  }

  async function run(job: Job, signal: AbortSignal): Promise<void> {
    const emit = (event: RunEvent) => send({ type: 'event', job: job.id, event })
    const reports = setInterval(reportMemory, memoryReportMs)
    try {
      await execute(job, await configured(), signal, emit)
    } catch (error) {
      emit(failureOf(error, []))
    } finally {
      clearInterval(reports)
      running = undefined
      reportMemory()
    }
  }

  async function free(results: boolean): Promise<void> {
    const environment = await configured()
    if (results) environment.cache.clear()
    await environment.models.free()
    reportMemory()
  }

  /** Jobs and frees wait for each other; an interrupt does not. */
  let lastTask: Promise<unknown> = Promise.resolve()
  const enqueue = (work: () => Promise<unknown>) => {
    lastTask = lastTask.then(work).catch(error => console.error(error))
  }

  function handleMessage(message: ToEngine): void {
    if (message.type === 'configure') {
      const { config } = message
      send({ type: 'ready', provider: config.provider ?? 'cpu' })
      const notice = (text: string) => send({ type: 'notice', text })
      building = new Promise(resolve => setImmediate(() => resolve(build(config, notice))))
      // The next run says what went wrong; until then it is not unhandled.
      building.catch(() => {})
    } else if (message.type === 'run') {
      const abort = new AbortController()
      running = { id: message.job.id, abort }
      enqueue(() => run(message.job, abort.signal))
    } else if (message.type === 'interrupt') {
      if (running?.id === message.job) running.abort.abort()
    } else if (message.type === 'self-test') {
      enqueue(() => testProvider(message.provider, send))
    } else {
      enqueue(() => free(message.results))
    }
  }

  channel.listen(handleMessage)
  // Ctrl+C in a terminal reaches the whole process group; the host decides when this process ends.
  process.on('SIGINT', () => {})
}

async function testProvider(provider: Provider, send: (message: FromEngine) => void) {
  try {
    const { selfTest } = await import('../inference/providers/self-test.ts')
    send({ type: 'self-test', result: await selfTest(provider) })
  } catch (error) {
    send({ type: 'self-test', error: error instanceof Error ? error.message : String(error) })
  }
}
