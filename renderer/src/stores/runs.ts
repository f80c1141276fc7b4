// The queue, and what each node of each workflow is doing. Kept apart from the documents: a run
// touches no node object, so the canvas redraws only the cards that changed.
import { create } from 'zustand'
import type { HostEvent, Output, Problem, Queue, Run } from '../../../engine/api/contract.ts'
import { assetUrl } from '../host/assets.ts'

export interface NodeRun {
  state: 'queued' | 'running' | 'cached' | 'done' | 'failed'
  done?: number
  of?: number
  /** What is done before its own work, in words; `done` and `of` count that. */
  doing?: string
  /** URL of the newest preview while it runs. */
  preview?: string
  ms?: number
}

export interface Shown {
  pictures: { url: string; width: number; height: number }[]
  texts: string[]
}

export interface WorkflowRuns {
  /** The run that these states belong to. */
  run?: string
  startedMs?: number
  nodes: Record<string, NodeRun>
  /** Stays until the next run shows something else. */
  shown: Record<string, Shown>
  /** What was wrong when the last run was asked for, or what was missing on opening. */
  problems: Problem[]
  /** No run was asked for yet: the problems are only announced. */
  announced?: boolean
  /** Why a run ended badly; stands until another one ends well or is asked for. */
  failure?: Problem
}

interface Runs {
  queue: Queue
  /** Newest first, bounded. */
  finished: Run[]
  byWorkflow: Record<string, WorkflowRuns>
}

const mostFinished = 30
const idle: WorkflowRuns = { nodes: {}, shown: {}, problems: [] }

export const useRuns = create<Runs>(() => ({
  queue: { pending: [], paused: false },
  finished: [],
  byWorkflow: {},
}))

/** Which workflow a run belongs to; learned from `queue` and `run` events. */
const workflowOf = new Map<string, string>()

function learn(run: Run) {
  if (!run.workflow || workflowOf.has(run.id)) return
  workflowOf.set(run.id, run.workflow)
  if (workflowOf.size > 2000) workflowOf.delete(workflowOf.keys().next().value!)
}

function patch(
  state: Runs,
  workflow: string,
  change: (now: WorkflowRuns) => Partial<WorkflowRuns>,
) {
  const now = state.byWorkflow[workflow] ?? idle
  return {
    ...state,
    byWorkflow: { ...state.byWorkflow, [workflow]: { ...now, ...change(now) } },
  }
}

/** Another run than the one shown begins: nodes start clean, pictures stay. */
const begin = (now: WorkflowRuns, run: string): Partial<WorkflowRuns> =>
  now.run === run ? {} : { run, nodes: {}, startedMs: Date.now() }

/** The card on the root canvas: nodes inside subgraphs have paths as ids, such as `57:44`. */
export const rootNode = (node: string): string => node.split(':', 1)[0]!

/** The cards that a node inside subgraphs lies in: `57` and `57:44` for `57:44:3`. */
function cardsAround(node: string): string[] {
  const parts = node.split(':')
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join(':'))
}

/**
 * What a card on a canvas shows, where the canvas appears under these prefixes: the use that is at
 * work, else the first that has done anything.
 */
export function runAt(
  { nodes }: Pick<WorkflowRuns, 'nodes'>,
  prefixes: readonly string[],
  id: string,
): NodeRun | undefined {
  const all = prefixes.map(prefix => nodes[prefix + id])
  return all.find(run => run?.state === 'running') ?? all.find(run => run !== undefined)
}

/** The same for what it has shown. */
export const shownAt = (
  { shown }: Pick<WorkflowRuns, 'shown'>,
  prefixes: readonly string[],
  id: string,
): Shown | undefined => {
  for (const prefix of prefixes) if (shown[prefix + id]) return shown[prefix + id]
  return undefined
}

function patchNode(state: Runs, run: string, node: string, next: NodeRun) {
  const workflow = workflowOf.get(run) ?? run
  return patch(state, workflow, now => {
    const fresh = { ...now, ...begin(now, run) }
    const { ms, ...outside } = next
    const around = Object.fromEntries(cardsAround(node).map(card => [card, outside]))
    return { ...fresh, nodes: { ...fresh.nodes, ...around, [node]: next } }
  })
}

function finish(state: Runs, run: Run): Runs {
  const finished = [run, ...state.finished.filter(other => other.id !== run.id)]
    .sort((a, b) => (b.finishedMs ?? 0) - (a.finishedMs ?? 0))
    .slice(0, mostFinished)
  const workflow = run.workflow ?? run.id
  const next = { ...state, finished }
  if (state.byWorkflow[workflow]?.run !== run.id && !run.failure) return next
  return patch(next, workflow, now => {
    if (now.run && now.run !== run.id) return run.failure ? { failure: run.failure } : {}
    const nodes = Object.fromEntries(
      Object.entries(now.nodes).filter(([, node]) => node.state !== 'running'),
    )
    const failed = run.failure?.node
    if (failed)
      for (const card of [failed, ...cardsAround(failed)]) nodes[card] = { state: 'failed' }
    return { nodes, failure: run.state === 'done' ? undefined : (run.failure ?? now.failure) }
  })
}

/** The state after an event; pure but for what is learned about which run belongs where. */
export function afterEvent(state: Runs, event: HostEvent): Runs {
  switch (event.type) {
    case 'queue': {
      for (const run of event.queue.pending) learn(run)
      if (event.queue.running) learn(event.queue.running)
      return { ...state, queue: event.queue }
    }
    case 'run': {
      learn(event.run)
      const over = event.run.state !== 'queued' && event.run.state !== 'running'
      return over ? finish(state, event.run) : state
    }
    case 'cached':
      return patch(state, workflowOf.get(event.run) ?? event.run, now => {
        const fresh = { ...now, ...begin(now, event.run) }
        const cards = event.nodes.flatMap(node => [...cardsAround(node), node])
        const cached = cards.map(card => [card, { state: 'cached' }] as const)
        return { ...fresh, nodes: { ...fresh.nodes, ...Object.fromEntries(cached) } }
      })
    case 'started':
      return patchNode(state, event.run, event.node, { state: 'running' })
    case 'progress': {
      const before = state.byWorkflow[workflowOf.get(event.run) ?? event.run]?.nodes[event.node]
      const { done, of, doing, preview = before?.preview } = event
      return patchNode(state, event.run, event.node, { state: 'running', done, of, doing, preview })
    }
    case 'done': {
      const done = patchNode(state, event.run, event.node, { state: 'done', ms: event.ms })
      // What it said the time before no longer holds; what it says now comes next.
      return patch(done, workflowOf.get(event.run) ?? event.run, ({ shown }) => {
        const before = shown[event.node]
        return before?.texts.length
          ? { shown: { ...shown, [event.node]: { ...before, texts: [] } } }
          : {}
      })
    }
    case 'shown':
      return patch(state, workflowOf.get(event.run) ?? event.run, now => ({
        shown: { ...now.shown, [event.node]: { pictures: event.pictures, texts: event.texts } },
      }))
    case 'failed': {
      const { problem } = event
      const failed = problem.node
        ? patchNode(state, event.run, problem.node, { state: 'failed' })
        : state
      return patch(failed, workflowOf.get(event.run) ?? event.run, () => ({ failure: problem }))
    }
    default:
      return state
  }
}

let waiting: HostEvent[] = []
let scheduled = false

function drain() {
  scheduled = false
  const events = waiting
  waiting = []
  useRuns.setState(events.reduce(afterEvent, useRuns.getState()))
}

/** Takes an event in. Many that come within one frame make one change. */
export function takeRunEvent(event: HostEvent) {
  waiting.push(event)
  if (scheduled) return
  scheduled = true
  // A hidden page has no frames, and a queue must not grow while nobody looks.
  if (document.hidden) setTimeout(drain, 100)
  else requestAnimationFrame(drain)
}

export const setProblems = (workflow: string, problems: Problem[], announced = false) =>
  useRuns.setState(state =>
    patch(state, workflow, () => ({ problems, announced, failure: undefined })),
  )

/** All that is wrong, the failure of a run first. */
export const problemsOf = ({ problems, failure }: WorkflowRuns): readonly Problem[] =>
  failure ? [failure, ...problems] : problems

/** Runs of earlier: the strip shows them, and cards show again what came out of the newest. */
export function rememberRuns(runs: readonly Run[]) {
  const over = runs.filter(({ state }) => state !== 'queued' && state !== 'running')
  for (const run of runs) learn(run)
  useRuns.setState(state => {
    const known = new Set(state.finished.map(({ id }) => id))
    const finished = [...state.finished, ...over.filter(({ id }) => !known.has(id))]
      .sort((a, b) => (b.finishedMs ?? 0) - (a.finishedMs ?? 0))
      .slice(0, mostFinished)
    let next: Runs = { ...state, finished }
    for (const run of finished) {
      const { workflow, outputs } = run
      if (!workflow || outputs.length === 0) continue
      if (Object.keys(next.byWorkflow[workflow]?.shown ?? {}).length > 0) continue
      next = patch(next, workflow, () => ({ shown: shownBy(outputs) }))
    }
    return next
  })
}

function shownBy(outputs: readonly Output[]): Record<string, Shown> {
  const shown: Record<string, Shown> = {}
  for (const { node, hash, width, height } of outputs) {
    shown[node] ??= { pictures: [], texts: [] }
    shown[node].pictures.push({ url: assetUrl(hash), width, height })
  }
  return shown
}

export const runsOf = (workflow: string): WorkflowRuns =>
  useRuns.getState().byWorkflow[workflow] ?? idle

/** For selectors: the states of one workflow, always the same object while idle. */
export const selectRuns = (state: Runs, workflow: string | undefined): WorkflowRuns =>
  (workflow && state.byWorkflow[workflow]) || idle
