// Subgraphs, reroutes, bypassed and muted nodes exist on the canvas only. This file follows wires
// through them: which real output, or which value, arrives at an input. Ids become paths (`57:44`).
import { type Catalogue, typesMatch } from './catalogue.ts'
import {
  type Document,
  type Graph,
  type GraphNode,
  type Link,
  type NodeId,
  type Subgraph,
  subgraphInputId,
  subgraphOf,
  subgraphOutputId,
} from './document.ts'
import type { Json } from './json.ts'
import type { PromptLink } from './prompt.ts'
import { isVirtual, primitiveType, rerouteType } from './virtual-nodes.ts'

/** One canvas as it appears in the flat prompt: the root, or one use of a subgraph. */
export interface Frame {
  graph: Graph | Subgraph
  /** What stands before the ids of its nodes: `` or `57:`. */
  prefix: string
  parent?: Frame
  /** The node of the parent that this is the inside of. */
  instance?: GraphNode
}

/** What arrives at an input. */
export type Source = { link: PromptLink } | { value: Json }

/** Wires pass through fewer canvas-only nodes than this, or go in a circle. */
const maxHops = 10_000

export function rootFrame(document: Document): Frame {
  return { graph: document, prefix: '' }
}

/** The inside of a subgraph's node; undefined for ordinary nodes and for a subgraph within itself. */
export function frameOf(document: Document, parent: Frame, node: GraphNode): Frame | undefined {
  const graph = subgraphOf(document, node.type)
  if (!graph) return undefined
  for (let frame: Frame | undefined = parent; frame; frame = frame.parent) {
    if (frame.graph === graph) return undefined
  }
  return { graph, prefix: `${parent.prefix}${node.id}:`, parent, instance: node }
}

/** Every node that runs, with the frame it stands in: depth first, in the documents' order. */
export function* runningNodes(
  document: Document,
  catalogue: Catalogue,
  frame: Frame = rootFrame(document),
): Generator<{ frame: Frame; node: GraphNode }> {
  for (const node of Object.values(frame.graph.nodes)) {
    if (node.mode !== 'always' || isVirtual(node.type, catalogue)) continue
    const inside = frameOf(document, frame, node)
    if (inside) yield* runningNodes(document, catalogue, inside)
    else if (!subgraphOf(document, node.type)) yield { frame, node }
  }
}

/** Follows the wire into an input to what feeds it. Undefined when nothing does. */
export function sourceOf(
  document: Document,
  start: Frame,
  node: NodeId,
  slot: number,
  wanted: string,
): Source | undefined {
  let frame = start
  let link = linkInto(frame.graph, node, slot)
  for (let hops = 0; link && hops < maxHops; hops++) {
    if (link.from === subgraphInputId) {
      const outside = outsideOf(frame, link.fromSlot)
      if (!outside) return undefined
      if ('value' in outside) return outside
      frame = frame.parent!
      link = outside.link
      continue
    }
    const origin: GraphNode | undefined = frame.graph.nodes[link.from]
    if (!origin || origin.mode === 'mute') return undefined
    if (origin.mode === 'bypass') {
      const through = bypassInput(origin, link.fromSlot, wanted)
      link = through === undefined ? undefined : linkInto(frame.graph, origin.id, through)
    } else if (origin.type === rerouteType) {
      link = linkInto(frame.graph, origin.id, 0)
    } else if (origin.type === primitiveType) {
      const value = Object.values(origin.values)[0]
      return value === undefined ? undefined : { value }
    } else if (subgraphOf(document, origin.type)) {
      const inside = frameOf(document, frame, origin)
      if (!inside) return undefined
      link = linkInto(inside.graph, subgraphOutputId, portSlot(origin, link.fromSlot, inside.graph))
      frame = inside
    } else {
      return { link: [frame.prefix + origin.id, link.fromSlot] }
    }
  }
  return undefined
}

/** From a subgraph's input to its node outside: the wire there, or the value of its widget. */
function outsideOf(
  { graph, parent, instance }: Frame,
  port: number,
): { link: Link } | { value: Json } | undefined {
  const name = 'inputs' in graph ? graph.inputs[port]?.name : undefined
  if (!parent || !instance || name === undefined) return undefined
  const slot = slotNamed(instance, name, port)
  const link = slot === -1 ? undefined : linkInto(parent.graph, instance.id, slot)
  if (link) return { link }
  const value = instance.values[name]
  return value === undefined ? undefined : { value }
}

/** A subgraph's node may show fewer inputs than the subgraph has: names decide, then positions. */
function slotNamed(instance: GraphNode, name: string, port: number): number {
  const byName = instance.inputs.findIndex(input => input.name === name)
  if (byName !== -1) return byName
  return instance.inputs[port]?.name === '' ? port : -1
}

function portSlot(instance: GraphNode, slot: number, graph: Graph | Subgraph): number {
  const name = instance.outputs[slot]?.name
  const ports = 'outputs' in graph ? graph.outputs : []
  if (ports[slot]?.name === name) return slot
  const byName = ports.findIndex(port => port.name === name)
  return byName === -1 ? slot : byName
}

/**
 * Which input a bypassed node passes on as this output: the one beside it if its type fits, else the
 * first of exactly the type, else the first that fits. Anything goes into `*`: the one beside it or 0.
 */
export function bypassInput(node: GraphNode, output: number, wanted: string): number | undefined {
  const { inputs } = node
  const beside = inputs[output]
  if (wanted === '*') return beside ? output : inputs.length > 0 ? 0 : undefined
  const type = node.outputs[output]?.type ?? wanted
  if (beside && typesMatch(beside.type, type)) return output
  const exact = inputs.findIndex(input => input.type === type)
  if (exact !== -1) return exact
  const fitting = inputs.findIndex(input => typesMatch(input.type, type))
  return fitting === -1 ? undefined : fitting
}

// ---- links by their end

const ends = new WeakMap<Graph, Map<string, Link>>()

/** The link into an input. Graphs are immutable, so each is indexed once. */
export function linkInto(graph: Graph, node: NodeId, slot: number): Link | undefined {
  let index = ends.get(graph)
  if (!index) {
    index = new Map()
    for (const link of Object.values(graph.links)) index.set(`${link.to}:${link.toSlot}`, link)
    ends.set(graph, index)
  }
  return index.get(`${node}:${slot}`)
}
