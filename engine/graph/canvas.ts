// Where an edit happens, and how a document is changed there: pure, sharing all it does not touch.
import {
  type Document,
  type Graph,
  type GraphNode,
  type Link,
  type LinkId,
  type NodeId,
  type Subgraph,
  subgraphInputId,
  subgraphOutputId,
} from './document.ts'
import { isNumber, isObject, type Json, toNumber } from './json.ts'

/** Which canvas: the root, or the inside of a subgraph (by its definition's id). */
export type Canvas = string | null
export const rootCanvas: Canvas = null

/** An edit that cannot be made, said for people. */
export class EditError extends Error {
  override name = 'EditError'
}

export const graphAt = (document: Document, at: Canvas): Graph | Subgraph | undefined =>
  at === null ? document : document.subgraphs[at]

/** Replaces parts of one canvas. */
export function editGraph(
  document: Document,
  at: Canvas,
  edit: (graph: Graph | Subgraph) => Partial<Graph>,
): Document {
  const graph = graphAt(document, at)
  if (!graph) throw new EditError('This subgraph is no longer part of the workflow.')
  const change = edit(graph)
  const keys = Object.keys(change) as (keyof Graph)[]
  if (keys.every(key => change[key] === graph[key])) return document
  if (at === null) return { ...document, ...change }
  const subgraph = { ...(graph as Subgraph), ...change }
  return { ...document, subgraphs: { ...document.subgraphs, [at]: subgraph } }
}

/** Changes nodes one by one; ids that are not there are passed over. */
export function editNodes(
  document: Document,
  at: Canvas,
  ids: Iterable<NodeId>,
  edit: (node: GraphNode) => GraphNode,
): Document {
  return editGraph(document, at, graph => {
    let { nodes } = graph
    for (const id of ids) {
      const node = nodes[id]
      const changed = node && edit(node)
      if (changed && changed !== node) {
        if (nodes === graph.nodes) nodes = { ...nodes }
        nodes[id] = changed
      }
    }
    return { nodes }
  })
}

/** The links of a canvas without some of them. */
export function withoutLinks(
  links: Record<LinkId, Link>,
  drop: (link: Link) => boolean,
): Record<LinkId, Link> {
  const gone = Object.values(links).filter(drop)
  if (gone.length === 0) return links
  const kept = { ...links }
  for (const { id } of gone) delete kept[id]
  return kept
}

/** What an input slot or a subgraph's output is, for wires that end there. */
export interface WireEnd {
  slot: number
  type: string
}

export function inputEnd(graph: Graph | Subgraph, to: NodeId, name: string): WireEnd | undefined {
  const slots =
    to === subgraphOutputId && 'outputs' in graph ? graph.outputs : graph.nodes[to]?.inputs
  const slot = slots?.findIndex(input => input.name === name) ?? -1
  return slot === -1 ? undefined : { slot, type: slots![slot]!.type }
}

export function outputType(
  graph: Graph | Subgraph,
  from: NodeId,
  slot: number,
): string | undefined {
  const slots =
    from === subgraphInputId && 'inputs' in graph ? graph.inputs : graph.nodes[from]?.outputs
  return slots?.[slot]?.type
}

// ---- ids

/**
 * Numbers no node of the document has or had: ids are unique across canvases, as ComfyUI wants.
 */
export function freshNodeIds(document: Document): () => NodeId {
  return counter(document, graph => Object.keys(graph.nodes), 'last_node_id', 'lastNodeId')
}

export function freshLinkIds(document: Document): () => LinkId {
  return counter(document, graph => Object.keys(graph.links), 'last_link_id', 'lastLinkId')
}

function counter(
  document: Document,
  idsOf: (graph: Graph) => string[],
  oldKey: string,
  newKey: string,
): () => string {
  let last = 0
  for (const graph of [document, ...Object.values(document.subgraphs)]) {
    for (const id of idsOf(graph)) if (/^\d{1,15}$/.test(id)) last = Math.max(last, Number(id))
    const state = isObject(graph.rest?.state) ? graph.rest.state[newKey] : undefined
    for (const used of [graph.rest?.[oldKey], state]) last = Math.max(last, count(used))
  }
  return () => String(++last)
}

const count = (value: Json | undefined): number => {
  const number = isNumber(value) ? toNumber(value) : 0
  return Number.isSafeInteger(number) ? number : 0
}

export const byId = <T extends { id: string }>(items: readonly T[]): Record<string, T> =>
  Object.fromEntries(items.map(item => [item.id, item]))
