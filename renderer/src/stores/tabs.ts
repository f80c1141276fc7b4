// Open workflows. Each tab holds its history of immutable documents, which canvas of it is looked
// at (root or the inside of a subgraph), and what is selected there.
import { create } from 'zustand'
import type { Document, LinkId, NodeId } from '../../../engine/graph/document.ts'
import {
  type Canvas,
  EditError,
  graphAt,
  rootCanvas,
  syncWithCatalogue,
} from '../../../engine/graph/edit.ts'
import * as history from '../../../engine/graph/history.ts'
import { instancePrefixes } from '../../../engine/graph/instances.ts'
import { useCatalogue } from './catalogue.ts'
import { toastError } from './toasts.ts'

export interface Viewport {
  x: number
  y: number
  zoom: number
}

export interface Tab {
  /** The workflow's id with the host. */
  id: string
  name: string
  history: history.History
  /** Edits since the last explicit save. */
  unsaved: boolean
  at: Canvas
  /** The subgraphs that lead there, outermost first; the last one is shown. */
  trail: readonly string[]
  nodes: ReadonlySet<NodeId>
  links: ReadonlySet<LinkId>
  /** Of the canvas that is shown; absent: fit all of it. */
  viewport?: Viewport
}

interface Tabs {
  tabs: Tab[]
  /** Undefined shows the start screen. */
  active?: string
}

const none: ReadonlySet<never> = new Set()

export const useTabs = create<Tabs>(() => ({ tabs: [] }))

const { getState, setState } = useTabs

export const activeTab = (state: Tabs = getState()): Tab | undefined =>
  state.tabs.find(tab => tab.id === state.active)

export const findTab = (id: string): Tab | undefined => getState().tabs.find(tab => tab.id === id)

export function patchTab(id: string, change: (tab: Tab) => Partial<Tab>) {
  setState(state => ({
    tabs: state.tabs.map(tab => (tab.id === id ? { ...tab, ...change(tab) } : tab)),
  }))
}

interface Opened {
  id: string
  name: string
  unsaved: boolean
}

export function addTab({ id, name, unsaved }: Opened, document: Document, show = true) {
  const tab: Tab = {
    id,
    name,
    unsaved,
    history: history.startHistory(document),
    at: rootCanvas,
    trail: [],
    nodes: none,
    links: none,
  }
  setState(({ tabs, active }) => ({
    tabs: [...tabs.filter(other => other.id !== id), tab],
    active: show ? id : active,
  }))
}

export const showTab = (id: string | undefined) => setState({ active: id })

export function dropTab(id: string) {
  setState(({ tabs, active }) => {
    const at = tabs.findIndex(tab => tab.id === id)
    const rest = tabs.filter(tab => tab.id !== id)
    return { tabs: rest, active: active === id ? rest[Math.min(at, rest.length - 1)]?.id : active }
  })
}

/** Puts a tab before another, or last. */
export function moveTab(id: string, before?: string) {
  setState(({ tabs }) => {
    const tab = tabs.find(other => other.id === id)
    if (!tab || id === before) return {}
    const rest = tabs.filter(other => other.id !== id)
    const at = rest.findIndex(other => other.id === before)
    return { tabs: at < 0 ? [...rest, tab] : rest.toSpliced(at, 0, tab) }
  })
}

/** As far as the subgraphs are still there. */
function trailThatIs(document: Document, trail: readonly string[]): readonly string[] {
  const gone = trail.findIndex(id => !graphAt(document, id))
  return gone < 0 ? trail : trail.slice(0, gone)
}

/** Selection and canvas stay valid whatever undo brings back. */
function withHistory(tab: Tab, next: history.History): Partial<Tab> {
  if (next === tab.history) return {}
  const trail = trailThatIs(next.present, tab.trail)
  const at = trail.at(-1) ?? rootCanvas
  const graph = graphAt(next.present, at)!
  const keep = <T extends string>(ids: ReadonlySet<T>, among: Record<string, unknown>) =>
    [...ids].every(id => id in among) ? ids : new Set([...ids].filter(id => id in among))
  return {
    history: next,
    at,
    trail,
    ...(at !== tab.at && { viewport: undefined }),
    nodes: keep(tab.nodes, graph.nodes),
    links: keep(tab.links, graph.links),
    unsaved: tab.unsaved || next.present !== tab.history.present,
  }
}

/**
 * One undoable step on the active tab. `change` gets the document and the canvas that is shown.
 * Steps with the same `mergeKey` in a row become one. An edit that cannot be made says why.
 */
export function edit(
  label: string,
  change: (document: Document, at: Canvas) => Document,
  mergeKey?: string,
): boolean {
  const tab = activeTab()
  if (!tab) return false
  try {
    const before = tab.history.present
    const edited = change(before, tab.at)
    const document = syncWithCatalogue(edited, useCatalogue.getState().types, before)
    patchTab(tab.id, now =>
      withHistory(now, history.record(now.history, document, label, mergeKey)),
    )
    return true
  } catch (error) {
    if (!(error instanceof EditError)) throw error
    toastError(error.message)
    return false
  }
}

/** A change that a run makes, such as new seeds: undo passes over it. */
export function amend(change: (document: Document) => Document) {
  const tab = activeTab()
  if (!tab) return
  patchTab(tab.id, now => withHistory(now, history.amend(now.history, change(now.history.present))))
}

/** Ends a gesture: the next edit is a step of its own. */
export const sealEdit = () => {
  const { active } = getState()
  if (active) patchTab(active, tab => ({ history: history.seal(tab.history) }))
}

const step = (move: (past: history.History) => history.History) => () => {
  const { active } = getState()
  if (active) patchTab(active, tab => withHistory(tab, move(tab.history)))
}
export const undo = step(history.undo)
export const redo = step(history.redo)

const same = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
  a.size === b.size && [...a].every(id => b.has(id))

export function select(nodes: Iterable<NodeId>, links: Iterable<LinkId> = []) {
  const tab = activeTab()
  if (!tab) return
  const next = { nodes: new Set(nodes), links: new Set(links) }
  if (same(next.nodes, tab.nodes) && same(next.links, tab.links)) return
  patchTab(tab.id, () => next)
}

/** Looks at the inside of a subgraph, back at one that led here, or at the root again. */
export function enterCanvas(at: Canvas) {
  const { active } = getState()
  if (!active) return
  patchTab(active, ({ trail }) => ({
    at,
    trail: trailTo(at, trail),
    nodes: none,
    links: none,
    viewport: undefined,
  }))
}

/** Back to where the subgraph already stands in the trail, else one further. */
function trailTo(at: Canvas, trail: readonly string[]): readonly string[] {
  if (at === null) return []
  const known = trail.indexOf(at)
  return [...(known < 0 ? trail : trail.slice(0, known)), at]
}

/** One level up. */
export function leaveCanvas() {
  enterCanvas(activeTab()?.trail.at(-2) ?? rootCanvas)
}

const noPrefixes: readonly string[] = []

/** What stands before the ids of the shown canvas's nodes in a run. */
export const shownPrefixes = (state: Tabs): readonly string[] => {
  const tab = activeTab(state)
  return tab ? instancePrefixes(tab.history.present, tab.at) : noPrefixes
}

/** The graph that is looked at. */
export const shownGraph = (tab: Tab) => graphAt(tab.history.present, tab.at)!
