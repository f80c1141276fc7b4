// One run from its first event to its last: what the engine says is written down, then told on.
import type { HostEvent, Problem, Run } from '../api/contract.ts'
import { type FileReference, pathOf } from '../nodes/files.ts'
import { type End, isEnd, type Job, type RunEvent, type RunFailure } from '../run/events.ts'
import { describeError } from '../run/failure.ts'
import type { AssetFolder } from '../store/assets.ts'
import type { RunRow } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import type { Assets } from './assets.ts'
import type { Engine } from './engine.ts'
import { emptyHistory, historyText, type RunHistory } from './history.ts'
import type { Previews } from './previews.ts'

export interface ExecutionOptions {
  store: Store
  assets: Assets
  previews: Previews
  engine: Engine
  /** Why a run may not begin, if it may not. */
  checkAllowance(): Promise<Problem | undefined>
  /** A run was done: in the transaction that writes it down. */
  countRun(run: RunRow): void
  /** Whether anybody looks at previews. */
  wantsPreviews(): boolean
  emit(event: HostEvent): void
  /** Every event as the engine gave it, after it was written down: for ComfyUI's clients. */
  onRunEvent(run: RunRow, event: RunEvent): void
}

export function createExecution(options: ExecutionOptions) {
  const { store, engine, emit, onRunEvent } = options

  return async function execute(run: RunRow, signal: AbortSignal): Promise<void> {
    const history = emptyHistory()
    let end: End | undefined
    const givenUp = new AbortController()
    emit({ type: 'run', run: describeRun(store, run) })
    // Events are handled strictly one after the other: hashing a picture takes time.
    let handled = Promise.resolve()
    const onEvent = (event: RunEvent) => {
      handled = handled.then(async () => {
        if (end) return
        try {
          if (isEnd(event)) end = event
          else await handle(run, event, history, options)
        } catch (error) {
          // A picture that went missing, a full disk: the run has failed, whatever comes after.
          end = outputFailure(error, event)
          givenUp.abort()
        }
      })
    }
    try {
      const refused = await options.checkAllowance()
      if (refused) end = { type: 'failed', executed: [], ...refused }
      else {
        const either = AbortSignal.any([signal, givenUp.signal])
        await engine.run(jobOf(store, run, options.wantsPreviews()), onEvent, either)
      }
      await handled
    } catch (error) {
      await handled
      end ??= signal.aborted ? { type: 'interrupted', executed: [] } : engineFailure(error)
    }
    end ??= engineFailure(new Error('The engine stopped without saying how the run ended.'))
    const ending = end
    store.transaction(() => {
      finish(store, run.id, ending, history)
      if (ending.type === 'finished') options.countRun(run)
    })
    const failure = store.runs.find(run.id)?.failure
    if (failure) emit({ type: 'failed', run: run.id, problem: failure })
    emit({ type: 'run', run: describeRun(store, store.runs.find(run.id)!) })
    onRunEvent(run, end)
  }
}

function jobOf(store: Store, run: RunRow, previews: boolean): Job {
  const { prompt, pngInfo } = store.runs.texts(run.id)!
  return { id: run.id, prompt, pngInfo, targets: run.targets, previews }
}

async function handle(
  run: RunRow,
  event: Exclude<RunEvent, End>,
  history: RunHistory,
  options: ExecutionOptions,
): Promise<void> {
  const { emit, previews, onRunEvent } = options
  switch (event.type) {
    case 'cached':
      history.cached = event.nodes
      emit({ type: 'cached', run: run.id, nodes: event.nodes })
      break
    // Nodes of an expansion are seen as the node that the user placed.
    case 'started':
      emit({ type: 'started', run: run.id, node: event.display ?? event.node })
      break
    case 'progress': {
      const { done, of, doing } = event
      const node = event.display ?? event.node
      const preview = event.preview && previews.put(run.id, node, event.preview)
      emit({ type: 'progress', run: run.id, node, done, of, preview, doing })
      break
    }
    case 'done':
      emit({ type: 'done', run: run.id, node: event.display ?? event.node, ms: event.ms })
      break
    case 'shown':
      history.shown[event.node] = event.shown
      await show(run, event, options)
      break
    case 'blocked':
      emit({
        type: 'failed',
        run: run.id,
        problem: { code: 'blocked', node: event.display ?? event.node, message: event.message },
      })
      break
  }
  onRunEvent(run, event)
}

/** Files are hashed, rows written in one transaction, and only then is anything said. */
async function show(
  run: RunRow,
  event: Extract<RunEvent, { type: 'shown' }>,
  { store, assets, emit }: ExecutionOptions,
): Promise<void> {
  const { shown, cached } = event
  const node = event.display ?? event.node
  const files = (shown.images ?? []) as FileReference[]
  const pictures = []
  for (const file of files) {
    const asset = await assets.register(file.type as AssetFolder, pathOf(file))
    pictures.push({ file, asset })
  }
  // A cached node names the files of an earlier run: they have their rows.
  const fresh = cached ? [] : pictures.filter(({ file }) => file.type === 'output')
  const outputs = store.transaction(() =>
    fresh.map(({ file, asset }) =>
      store.outputs.add({
        run: run.id,
        node,
        hash: asset.hash,
        filename: file.filename,
        subfolder: file.subfolder,
        createdMs: Date.now(),
      }),
    ),
  )
  for (const output of outputs) emit({ type: 'output', output })
  emit({
    type: 'shown',
    run: run.id,
    node,
    pictures: pictures.map(({ asset: { hash, width, height } }) => ({
      url: `/assets/${hash}`,
      width,
      height,
    })),
    texts: (shown.text ?? []).map(text => (typeof text === 'string' ? text : JSON.stringify(text))),
  })
}

function finish(store: Store, id: string, end: End, history: RunHistory): void {
  if (end.type === 'failed') history.failure = end
  if (end.type === 'interrupted') history.interrupted = { node: end.node, executed: end.executed }
  const state = end.type === 'finished' ? 'done' : end.type
  const failure = end.type === 'failed' ? problemOf(end) : undefined
  store.runs.finish(id, state, Date.now(), historyText(history), failure)
}

const engineFailure = (error: unknown): RunFailure => ({
  type: 'failed',
  code: (error as { code?: string })?.code ?? 'engine_died',
  message: error instanceof Error ? error.message : String(error),
  hint: (error as { hint?: string })?.hint,
  executed: [],
})

/** What a run made could not be looked at or written down. */
const outputFailure = (error: unknown, event: RunEvent): RunFailure => ({
  type: 'failed',
  ...describeError(error instanceof Error ? error : new Error(String(error))),
  code: 'output_failed',
  node: event.type === 'shown' ? (event.display ?? event.node) : undefined,
  executed: [],
})

export const problemOf = ({ code, node, nodeType, message, hint }: RunFailure): Problem => ({
  code,
  node,
  nodeType,
  message,
  hint,
})

/** A run as the page sees it. */
export const describeRun = (
  store: Store,
  { clientId: _client, targets: _targets, ...run }: RunRow,
): Run => ({ ...run, outputs: store.outputs.ofRun(run.id) })

/** After a crash: what was running cannot be gone on with. */
export function failAbandonedRuns(store: Store): void {
  for (const run of store.runs.inState('running')) {
    const failure: RunFailure = {
      type: 'failed',
      code: 'app_ended',
      message: 'The app ended while it ran.',
      hint: 'Run it again: the workflow is as it was.',
      executed: [],
    }
    finish(store, run.id, failure, { ...emptyHistory(), failure })
  }
}
