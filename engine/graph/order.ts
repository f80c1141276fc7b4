// Which nodes a prompt's outputs need, and in what order. Works on any graph that can name the
// dependencies of a node, so the same code orders prompts and what nodes expand to while running.
import type { NodeId } from './document.ts'
import { isLink, type Prompt, type PromptLink } from './prompt.ts'

/** Nodes that wait for each other in a circle, in the order of the wait. */
export class CycleError extends Error {
  override name = 'CycleError'
  readonly nodes: NodeId[]
  constructor(nodes: NodeId[]) {
    super(`These nodes wait for each other: ${[...nodes, nodes[0]].join(' → ')}`)
    this.nodes = nodes
  }
}

/** The links among a node's inputs, with ids as strings. */
export function linksOf(inputs: Readonly<Record<string, unknown>>): PromptLink[] {
  const links: PromptLink[] = []
  for (const name in inputs) {
    const value = inputs[name]
    if (isLink(value)) links.push([String(value[0]), value[1]])
  }
  return links
}

interface Visit {
  id: NodeId
  dependencies: readonly NodeId[]
  next: number
}

/**
 * The targets and everything they depend on, dependencies first. Linear in nodes and links, and
 * without recursion: chains may be long. @throws CycleError
 */
export function orderFrom(
  targets: Iterable<NodeId>,
  dependenciesOf: (id: NodeId) => readonly NodeId[],
): NodeId[] {
  const order: NodeId[] = []
  const state = new Map<NodeId, 'open' | 'done'>()
  const path: Visit[] = []
  const open = (id: NodeId) => {
    state.set(id, 'open')
    path.push({ id, dependencies: dependenciesOf(id), next: 0 })
  }
  for (const target of targets) {
    if (!state.has(target)) open(target)
    for (let visit = path.at(-1); visit; visit = path.at(-1)) {
      const id = visit.dependencies[visit.next++]
      if (id === undefined) {
        state.set(visit.id, 'done')
        order.push(visit.id)
        path.pop()
      } else if (!state.has(id)) {
        open(id)
      } else if (state.get(id) === 'open') {
        throw new CycleError(path.slice(path.findIndex(v => v.id === id)).map(v => v.id))
      }
    }
  }
  return order
}

/** A node and everything it depends on, nearest first. Circles are walked once. */
export function upstream(of: NodeId, sourcesOf: (id: NodeId) => Iterable<NodeId>): Set<NodeId> {
  const seen = new Set([of])
  for (const id of seen) for (const source of sourcesOf(id)) seen.add(source)
  return seen
}

/** The nodes that a prompt's node takes links from, there or not. */
export const sourcesIn =
  (prompt: Prompt) =>
  (id: NodeId): NodeId[] =>
    linksOf(prompt[id]?.inputs ?? {}).map(([source]) => source)
