// React Flow's nodes and edges, derived from a graph. A card whose document node, links and
// selection stayed the same keeps its object, so that React Flow and React skip it.

import { type Edge, type Node, type NodeHandle, Position } from '@xyflow/react'
import type { NodeDescription } from '../../../engine/graph/catalogue.ts'
import type { Graph, GraphNode, Link, LinkId, NodeId } from '../../../engine/graph/document.ts'
import { titleOf } from '../../../engine/graph/node-title.ts'
import { type CardLayout, layOutCard, riseOf } from './card-layout.ts'
import { isPorts, portCards } from './subgraph-ports.ts'

export interface CardData extends Record<string, unknown> {
  node: GraphNode
  description?: NodeDescription
  layout: CardLayout
  /** Names of inputs that a link feeds, in a canonical order. */
  linked: readonly string[]
  /** Seen from so far that only a box is drawn. */
  far: boolean
}
export type CardNode = Node<CardData, 'card'>

export interface LinkData extends Record<string, unknown> {
  type: string
  /** One of its ends is muted or bypassed. */
  faded: boolean
}
export type LinkEdge = Edge<LinkData, 'link'>

export type Position2 = { x: number; y: number }

const handleSize = 10

const handlesOf = (layout: CardLayout): NodeHandle[] =>
  layout.sockets.map(({ handle, side, y }) => ({
    id: handle,
    type: side === 'input' ? 'target' : 'source',
    position: side === 'input' ? Position.Left : Position.Right,
    x: (side === 'input' ? 0 : layout.width) - handleSize / 2,
    y: y - handleSize / 2,
    width: handleSize,
    height: handleSize,
  }))

interface Kept {
  linkedKey: string
  description: NodeDescription | undefined
  flow: CardNode
}
const keptNodes = new WeakMap<GraphNode, Kept>()

function cardNode(
  node: GraphNode,
  description: NodeDescription | undefined,
  linkedKey: string,
  selected: boolean,
  dragged: Position2 | undefined,
  far: boolean,
): CardNode {
  const x = dragged?.x ?? node.x
  const y = dragged?.y ?? node.y - riseOf(node)
  let kept = keptNodes.get(node)
  if (!kept || kept.linkedKey !== linkedKey || kept.description !== description) {
    const linked = linkedKey === '' ? [] : linkedKey.split('\n')
    const layout = layOutCard(node, description, new Set(linked))
    const { width, height } = layout
    const flow: CardNode = {
      id: node.id,
      type: 'card',
      position: { x, y },
      width,
      height,
      // Counted as measured: fitting the view must not wait for cards that are out of sight.
      measured: { width, height },
      handles: handlesOf(layout),
      selected,
      data: { node, description, layout, linked, far },
      ariaLabel: titleOf(node, description),
      // The ends of a subgraph take links and nothing else.
      ...(node.pinned ? { draggable: false } : {}),
      ...(isPorts(node) ? { draggable: false, selectable: false, focusable: false } : {}),
    }
    kept = { linkedKey, description, flow }
    keptNodes.set(node, kept)
  }
  const { flow } = kept
  const moved = flow.position.x !== x || flow.position.y !== y
  // React Flow reads sockets off the elements, and the boxes of the far view have none: on coming
  // nearer every node is given again, with its sockets.
  if (flow.selected !== selected || moved || flow.data.far !== far) {
    const data = flow.data.far === far ? flow.data : { ...flow.data, far }
    kept.flow = { ...flow, selected, position: { x, y }, data }
  }
  return kept.flow
}

/** Nodes by id, the ends of a subgraph among them. */
function nodeFinder(graph: Graph): (id: NodeId) => GraphNode | undefined {
  const ends = portCards(graph)
  return id => graph.nodes[id] ?? ends.find(end => end.id === id)
}

/** Linked input names per node, as one comparable text. */
function linkedInputs(graph: Graph): Map<NodeId, string> {
  const names = new Map<NodeId, string[]>()
  const at = nodeFinder(graph)
  for (const link of Object.values(graph.links)) {
    const name = at(link.to)?.inputs[link.toSlot]?.name
    if (name === undefined) continue
    const list = names.get(link.to)
    if (list) list.push(name)
    else names.set(link.to, [name])
  }
  return new Map([...names].map(([id, list]) => [id, list.sort().join('\n')]))
}

export function flowNodes(
  graph: Graph,
  describe: (node: GraphNode) => NodeDescription | undefined,
  selected: ReadonlySet<NodeId>,
  dragged: Readonly<Record<NodeId, Position2>>,
  far: boolean,
): CardNode[] {
  const linked = linkedInputs(graph)
  return [...Object.values(graph.nodes), ...portCards(graph)].map(node =>
    cardNode(
      node,
      describe(node),
      linked.get(node.id) ?? '',
      selected.has(node.id),
      dragged[node.id],
      far,
    ),
  )
}

const keptEdges = new WeakMap<Link, LinkEdge>()

function linkEdge(
  link: Link,
  at: (id: NodeId) => GraphNode | undefined,
  selected: boolean,
): LinkEdge | undefined {
  const from = at(link.from)
  const to = at(link.to)
  const output = from?.outputs[link.fromSlot]
  const input = to?.inputs[link.toSlot]
  if (!from || !to || !output || !input) return undefined
  const faded = from.mode !== 'always' || to.mode !== 'always'
  const targetHandle = `i:${input.name}`
  const type = from.type === 'Reroute' ? link.type : output.type === '*' ? link.type : output.type
  const kept = keptEdges.get(link)
  if (
    kept &&
    kept.selected === selected &&
    kept.targetHandle === targetHandle &&
    kept.data?.faded === faded &&
    kept.data.type === type
  ) {
    return kept
  }
  const edge: LinkEdge = {
    id: link.id,
    type: 'link',
    source: link.from,
    target: link.to,
    sourceHandle: `o:${link.fromSlot}`,
    targetHandle,
    selected,
    data: { type, faded },
    ariaLabel: `Link of type ${type}`,
  }
  keptEdges.set(link, edge)
  return edge
}

export function flowEdges(graph: Graph, selected: ReadonlySet<LinkId>): LinkEdge[] {
  const at = nodeFinder(graph)
  return Object.values(graph.links).flatMap(link => linkEdge(link, at, selected.has(link.id)) ?? [])
}
