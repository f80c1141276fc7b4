// The application core: queue, database, pictures, engine. Knows neither HTTP nor Electron; both
// put a door in front of it.
import { join } from 'node:path'
import type { HardwareReport, HostEvent, Run, Settings } from '../api/contract.ts'
import { type TestProvider, testProvider } from '../backends/provider-test.ts'
import type { Catalogue } from '../graph/catalogue.ts'
import { type JsonNumber, toNumber } from '../graph/json.ts'
import type { ModelFolders } from '../library/model-folders.ts'
import { diskFiles } from '../nodes/disk-files.ts'
import { nodeTypes } from '../nodes/index.ts'
import type { RunEvent } from '../run/events.ts'
import type { EngineConfig } from '../run/protocol.ts'
import type { RunRow } from '../store/runs.ts'
import { openStore, type Store } from '../store/store.ts'
import { type Assets, createAssets, type PutAsset } from './assets.ts'
import { readCatalogue } from './catalogue.ts'
import { type Checks, namesOnly, nodeChecks } from './checks.ts'
import {
  localEngine,
  type ReplaceableEngine,
  replaceableEngine,
  type StartEngine,
} from './engine.ts'
import { engineConfig, findModels } from './engine-config.ts'
import { createEventHub, type EventHub } from './events.ts'
import { createExecution, describeRun, failAbandonedRuns } from './execution.ts'
import { type FolderOptions, type Folders, makeFolders } from './folders.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'
import { type LazyAccount, lazyAccount } from './lazy-account.ts'
import { clearLeftovers } from './leftovers.ts'
import { createLiveRun } from './live-run.ts'
import { watchModels } from './model-watch.ts'
import { oncePerTurn, throttled } from './pace.ts'
import { createPlacing, untested } from './placing.ts'
import { createPreviews, type Previews } from './previews.ts'
import { createQueue, type Queue } from './queue.ts'
import { fileSecrets, type Seal } from './secrets.ts'
import type { Submission } from './submission.ts'
import { createSystem, type System } from './system.ts'
import { trimTemp } from './temp.ts'
import { createTrash } from './trash.ts'

const localProviderTest: TestProvider = (provider, signal) => testProvider(provider, { signal })

/** The engine reports its memory more often than a page needs it. */
const systemEveryMs = 500

const trimEveryRuns = 100

export interface HostOptions extends FolderOptions {
  /** Another engine than this machine's, for tests. */
  startEngine?: StartEngine
  /** How providers are tested where the engine is not this machine's usual one; without, none is. */
  testProvider?: TestProvider
  /** The system's keychain, where the shell has one. */
  seal?: Seal
}

/** For ComfyUI's clients: every event of every run, after it was written down. */
export interface RunWatcher {
  queueChanged(): void
  runStarted(run: RunRow): void
  runEvent(run: RunRow, event: RunEvent): void
  /** After the queue has changed. */
  runEnded(run: RunRow): void
}

export interface Host {
  readonly store: Store
  readonly folders: Folders
  readonly engine: ReplaceableEngine
  readonly events: EventHub
  readonly assets: Assets
  readonly previews: Previews
  readonly queue: Queue
  readonly http: HttpClient
  readonly system: System
  readonly account: LazyAccount
  /** Said aloud, if anything: a damaged database was put aside, a file could not be read. */
  readonly notices: readonly string[]
  models(): ModelFolders
  catalogue(): Catalogue
  /** Queues what was validated. @throws QueueFullError */
  submit(submission: Submission, place?: { number?: JsonNumber; front?: boolean }): RunRow
  run(id: string): Run | undefined
  putAsset(name: string, body: ReadableStream<Uint8Array>): Promise<PutAsset>
  removeOutputs(ids: number[]): Promise<void>
  restoreOutputs(ids: number[]): Promise<void>
  /** What nodes themselves check before a run is queued. */
  checks(): Checks
  settingsChanged(changed: Partial<Settings>): void
  /** What this machine can; measured at the first call. */
  hardware(): Promise<HardwareReport>
  workflowsChanged(): void
  watch(watcher: RunWatcher): () => void
  close(): Promise<void>
}

/** Opens the data folder and starts the engine. @throws StoreError when the folder cannot be used. */
export function startHost(options: HostOptions = {}): Host {
  const folders = makeFolders(options)
  const store = openStore(join(folders.data, 'comfyrunner.db'))
  failAbandonedRuns(store)
  trimTemp(folders.temp)
  const written = [folders.input, folders.output, join(folders.data, 'user')]
  for (const folder of written) clearLeftovers(folder)

  const notices = store.notice ? [store.notice] : []
  const ownRoots = folders.models
  let models!: ModelFolders
  let config!: EngineConfig
  const configure = (): EngineConfig => {
    const { modelDirs, memoryBudgetMb, precision } = store.settings.all()
    folders.models = [...ownRoots, ...modelDirs]
    models = findModels(folders, message => notices.push(message))
    const budgetBytes = memoryBudgetMb * 2 ** 20
    const own = engineConfig(folders, models.extra, budgetBytes, precision)
    config = { ...own, ...placing.config }
    return config
  }
  const test = options.testProvider ?? (options.startEngine ? undefined : localProviderTest)
  const closing = new AbortController()
  const placing = createPlacing({
    data: test && folders.data,
    test: test ?? untested,
    signal: closing.signal,
    choice: () => (test ? store.settings.all().provider : 'cpu'),
    changed: () => {
      if (config.provider !== placing.config.provider) engine.reconfigure(configure())
      emitSystem()
    },
  })
  const engine = replaceableEngine(options.startEngine ?? localEngine, configure())

  const watchers = new Set<RunWatcher>()
  const hub = createEventHub(() => [
    { type: 'system', system: system.info() },
    queueEvent(),
    { type: 'workflows', workflows: store.workflows.list() },
    { type: 'account', account: account.state() },
    ...live.events(),
  ])
  const live = createLiveRun()
  let closed = false
  let ended = 0
  const emit = (event: HostEvent) => {
    live.record(event)
    hub.emit(event)
  }
  const emitSystem = () => emit({ type: 'system', system: system.info() })
  const http = createHttpClient(
    store.ledger,
    () => store.settings.all().offline,
    () => emitSystem(),
  )
  const system = createSystem({ store, engine, folders, http, notices, placing })
  const account = lazyAccount({
    resources: folders.resources,
    store,
    http,
    secrets: fileSecrets(join(folders.data, 'secrets'), options.seal),
    changed: state => emit({ type: 'account', account: state }),
    workflowsChanged: () => workflowsChanged(),
    notice: words => notices.push(words),
  })
  const assets = createAssets(store, folders)
  const previews = createPreviews()
  const trash = createTrash(store, folders)
  trash.expire()
  store.runs.trim()

  const execute = createExecution({
    store,
    assets,
    previews,
    engine,
    checkAllowance: () => account.checkAllowance(),
    countRun: run => account.count(run.id),
    wantsPreviews: () => store.settings.all().previews,
    emit,
    onRunEvent: (run, event) => {
      for (const watcher of watchers) watcher.runEvent(run, event)
    },
  })
  const queue = createQueue({
    runs: store.runs,
    execute: async (run, signal) => {
      for (const watcher of watchers) watcher.runStarted(run)
      await execute(run, signal)
      if (run.workflow) workflowsChanged()
    },
    ended: run => {
      if (++ended % trimEveryRuns === 0) store.runs.trim()
      for (const watcher of watchers) watcher.runEnded(run)
    },
    changed: () => {
      emitQueue()
      for (const watcher of watchers) watcher.queueChanged()
    },
  })
  const describe = (run: RunRow) => describeRun(store, run)
  function queueEvent(): HostEvent {
    const { running, paused } = queue
    return {
      type: 'queue',
      queue: {
        running: running && describe(store.runs.find(running.id) ?? running),
        // A thousand may wait: nothing is looked up for each.
        pending: queue
          .pending()
          .map(({ clientId: _client, targets: _targets, ...run }) => ({ ...run, outputs: [] })),
        paused,
      },
    }
  }
  // A thousand runs queued at once are one event to the page.
  const emitQueue = oncePerTurn(() => {
    if (!closed) emit(queueEvent())
  })
  const workflowsChanged = () => emit({ type: 'workflows', workflows: store.workflows.list() })

  const stopListening = engine.subscribe(
    throttled(systemEveryMs, () => {
      if (!closed) emitSystem()
    }),
  )
  const stopWatching = watchModels(
    () => models,
    () => emit({ type: 'catalogue' }),
  )
  queue.start()

  return {
    store,
    folders,
    engine,
    events: hub,
    assets,
    previews,
    queue,
    http,
    system,
    account,
    notices,
    models: () => models,
    catalogue: () => readCatalogue(models, folders),
    submit(submission, { number, front } = {}) {
      const place =
        number !== undefined ? toNumber(number) : store.runs.takeNumber() * (front ? -1 : 1)
      return queue.add({ ...submission, number: place, queuedMs: Date.now() })
    },
    run(id) {
      const row = store.runs.find(id)
      return row && describe(row)
    },
    async putAsset(name, body) {
      const asset = await assets.put(name, body)
      emit({ type: 'catalogue' })
      return asset
    },
    async removeOutputs(ids) {
      const removed = await trash.remove(ids)
      if (removed.length) emit({ type: 'outputsRemoved', ids: removed })
      workflowsChanged()
    },
    async restoreOutputs(ids) {
      const restored = await trash.restore(ids)
      for (const output of restored) emit({ type: 'output', output })
      workflowsChanged()
    },
    checks: () => nodeChecks(nodeTypes, { files: diskFiles(config), models: namesOnly(models) }),
    settingsChanged({ modelDirs, memoryBudgetMb, precision, provider }) {
      if ([modelDirs, memoryBudgetMb, precision].some(value => value !== undefined)) {
        engine.reconfigure(configure())
        emit({ type: 'catalogue' })
      }
      if (provider !== undefined) void placing.reconsider()
      emitSystem()
    },
    hardware: () => placing.report(!queue.running),
    workflowsChanged,
    watch(watcher) {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    async close() {
      const settled = queue.stop()
      closing.abort()
      closed = true
      stopListening()
      stopWatching()
      account.close()
      await engine.close()
      await settled
      store.close()
    },
  }
}
