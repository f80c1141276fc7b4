// The ends of a subgraph, drawn inside it as two cards. They are no nodes of the document: links
// name them as `subgraphInputId` and `subgraphOutputId`, and the file says where they stand.
import {
  type Graph,
  type GraphNode,
  type InputSlot,
  type NodeId,
  type OutputSlot,
  type Subgraph,
  subgraphInputId,
  subgraphOutputId,
} from '../../../engine/graph/document.ts'
import { isNumber, isObject, type Json, toNumber } from '../../../engine/graph/json.ts'

const portsWidth = 160
const gap = 90

export const isPorts = ({ id }: { id: NodeId }): boolean =>
  id === subgraphInputId || id === subgraphOutputId

const isSubgraph = (graph: Graph): graph is Subgraph => 'inputs' in graph

/** ComfyUI's `bounding` of an end: x, y, width, height. */
function boundsOf(end: Json | undefined): number[] | undefined {
  const bounding = isObject(end) ? end.bounding : undefined
  return Array.isArray(bounding) && bounding.length === 4 && bounding.every(isNumber)
    ? bounding.map(value => toNumber(value))
    : undefined
}

interface Ends {
  inputs: InputSlot[]
  outputs: OutputSlot[]
}

const card = (id: NodeId, title: string, x: number, y: number, ends: Ends): GraphNode => ({
  id,
  type: 'SubgraphPorts',
  title,
  x: Math.round(x),
  y: Math.round(y),
  width: portsWidth,
  height: 0,
  mode: 'always',
  values: {},
  ...ends,
})

function endsOf(subgraph: Subgraph): GraphNode[] {
  const nodes = Object.values(subgraph.nodes)
  const top = Math.min(...nodes.map(({ y }) => y))
  const entrance = boundsOf(subgraph.rest?.inputNode)
  const exit = boundsOf(subgraph.rest?.outputNode)
  // Cards that were moved beyond an end push it outwards.
  const leftmost = Math.min(...nodes.map(({ x }) => x)) - gap
  const rightmost = Math.max(...nodes.map(({ x, width }) => x + width)) + gap
  const left = entrance ? Math.min(entrance[0]! + entrance[2]!, leftmost + gap) : leftmost
  const right = exit ? Math.max(exit[0]!, rightmost - gap) : rightmost
  const safe = (value: number) => (Number.isFinite(value) ? value : 0)
  return [
    card(subgraphInputId, 'Inputs', safe(left) - portsWidth, entrance?.[1] ?? safe(top), {
      inputs: [],
      outputs: subgraph.inputs.map(({ name, type, label }) => ({ name, type, label })),
    }),
    card(subgraphOutputId, 'Outputs', safe(right), exit?.[1] ?? safe(top), {
      inputs: subgraph.outputs.map(({ name, type, label }) => ({ name, type, label })),
      outputs: [],
    }),
  ]
}

/** By the ports they show: the cards stay the same objects while they need not move. */
const kept = new WeakMap<Subgraph['inputs'], { outputs: Subgraph['outputs']; ends: GraphNode[] }>()

/** The two end cards of a subgraph's canvas; none for the root. */
export function portCards(graph: Graph): readonly GraphNode[] {
  if (!isSubgraph(graph)) return []
  const known = kept.get(graph.inputs)
  const ends = endsOf(graph)
  const stands = (end: GraphNode, index: number) => end.x === ends[index]?.x
  if (known?.outputs === graph.outputs && known.ends.every(stands)) return known.ends
  kept.set(graph.inputs, { outputs: graph.outputs, ends })
  return ends
}
