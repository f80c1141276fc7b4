// Loops. A Start Loop and the End Loop behind it hold the nodes between them, the body. The body
// runs once as it stands; the End Loop then expands to a copy of it for each further round, every
// copy reading what the one before it handed on.
import type { NodeId } from '../graph/document.ts'
import { linksOf, upstream } from '../graph/order.ts'
import { isLink } from '../graph/prompt.ts'
import { Expansion, ExpansionLink } from './expansion.ts'
import type { RunNode } from './planner.ts'

const startLoopType = 'StartLoop'
const endLoopType = 'EndLoop'
const loopRoundType = 'LoopIteration'

/** Copies of nodes that one loop may make. */
const maxCopies = 100_000

type Graph = ReadonlyMap<NodeId, RunNode>

export interface Loop {
  start: NodeId
  /** Nodes that depend on the start and that the end depends on, without either. */
  body: NodeId[]
}

/** What the rounds of a loop go over. */
export interface Rounds {
  /** `iteration_index` of each round. */
  indices: number[]
  /** In list mode, one for each round. */
  items?: readonly unknown[]
}

/** @throws Error in words when the end has no start, or more than one could be meant */
export function loopOf(graph: Graph, end: NodeId): Loop {
  const before = leadingTo(graph, end)
  const closed = new Set<NodeId>()
  for (const id of before) {
    if (id !== end && typeOf(graph, id) === endLoopType) closed.add(loopOf(graph, id).start)
  }
  const open = [...before].filter(id => typeOf(graph, id) === startLoopType && !closed.has(id))
  // The innermost one comes after all others: an inner start follows its parent's iteration.
  const inner = open.filter(id => {
    const above = leadingTo(graph, id)
    return open.every(other => other === id || above.has(other))
  })
  const [start] = inner
  if (start === undefined)
    throw new Error(
      open.length === 0
        ? 'No Start Loop leads to this End Loop. Connect what runs in the loop to one.'
        : 'Several Start Loops lead to this End Loop. Connect iteration_index of the outer one to ' +
            'parent_iteration of the inner one.',
    )
  const after = downstream(graph, start, before)
  return { start, body: [...before].filter(id => id !== end && id !== start && after.has(id)) }
}

const typeOf = (graph: Graph, id: NodeId) => graph.get(id)?.type.type

/** The node and what it depends on, as far as the round of a loop around it. */
const leadingTo = (graph: Graph, of: NodeId): Set<NodeId> =>
  upstream(of, id =>
    typeOf(graph, id) === loopRoundType
      ? []
      : linksOf(graph.get(id)?.inputs ?? {}).map(([source]) => source),
  )

/** A node and what depends on it, among these. */
function downstream(graph: Graph, of: NodeId, among: ReadonlySet<NodeId>): Set<NodeId> {
  const users = new Map<NodeId, NodeId[]>()
  for (const id of among)
    for (const [source] of linksOf(graph.get(id)?.inputs ?? {})) {
      const known = users.get(String(source))
      if (known) known.push(id)
      else users.set(String(source), [id])
    }
  const seen = new Set([of])
  for (const id of seen) for (const user of users.get(id) ?? []) seen.add(user)
  return seen
}

/** What an End Loop is told by links, not by values. */
export interface LoopEnds {
  /** The links of `output_value`, `next_iteration_value` and `terminations.…`. */
  output?: unknown
  next?: unknown
  terminations: readonly unknown[]
}

/**
 * The rounds after the first as one graph. `results` has the link to `output_value` of each, the
 * first one's being the link itself; `lasting` are links that must have run before the loop is over.
 */
export function furtherRounds(
  graph: Graph,
  { start, body }: Loop,
  ends: LoopEnds,
  { indices, items }: Rounds,
): { expansion: Expansion; results: unknown[]; lasting: unknown[] } {
  const copies = (indices.length - 1) * (body.length + 1)
  if (copies > maxCopies)
    throw new Error(
      `The loop would run ${copies} nodes; at most ${maxCopies} are allowed. Use fewer rounds.`,
    )
  const expansion = new Expansion()
  const inside = new Set([start, ...body])
  /** The same link in the copy for a round. */
  const inRound = (link: unknown, round: number): unknown =>
    round > 0 && isLink(link) && inside.has(String(link[0]))
      ? new ExpansionLink(copyId(round, String(link[0])), link[1])
      : link
  const initial = graph.get(start)?.inputs.initial_iteration_value
  const results = [ends.output]
  for (let round = 1; round < indices.length; round++) {
    const waitsFor = [ends.output, ...ends.terminations].map(link => inRound(link, round - 1))
    expansion.add(
      loopRoundType,
      {
        iteration_index: indices[round],
        is_first: false,
        is_last: round === indices.length - 1,
        list_item: { item: items?.[round] ?? null },
        current_iteration_value: ends.next ? inRound(ends.next, round - 1) : (initial ?? null),
        // Undeclared links only keep the order: a round begins when the one before it is over.
        ...Object.fromEntries(waitsFor.map((link, i) => [`after.${i}`, link])),
      },
      { id: copyId(round, start), display: start },
    )
    for (const id of body) {
      const { type, inputs } = graph.get(id)!
      const copied = Object.entries(inputs).map(([name, value]) => [name, inRound(value, round)])
      expansion.add(type.type, Object.fromEntries(copied), {
        id: copyId(round, id),
        display: id,
      })
    }
    results.push(inRound(ends.output, round))
  }
  const last = indices.length - 1
  return { expansion, results, lasting: ends.terminations.map(link => inRound(link, last)) }
}

const copyId = (round: number, id: NodeId): string => `${round}.${id}`
