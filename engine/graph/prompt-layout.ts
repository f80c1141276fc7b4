// A prompt says nothing of a canvas. This lays its nodes out in columns, each to the right of all it
// depends on, and gives slots, links and widget values back their places.
import type { Catalogue } from './catalogue.ts'
import type { Document, GraphNode, Link, NodeId } from './document.ts'
import { isObject, type Json } from './json.ts'
import { newNode } from './new-node.ts'
import { isLink, type Prompt, type PromptNode } from './prompt.ts'

/** Canvas units between columns, and between nodes of one. */
const columnGap = 80
const rowGap = 50

/** A document for an API form: nodes laid out in columns by depth, links and values restored. */
export function fromPrompt(prompt: Prompt, catalogue: Catalogue): Document {
  const bare: Document = { nodes: {}, links: {}, groups: [], subgraphs: {} }
  const wires = wiresOf(prompt)
  const nodes: Record<NodeId, GraphNode> = {}
  for (const [id, said] of Object.entries(prompt)) {
    nodes[id] = withValues(newNode(said.class_type, id, { x: 0, y: 0 }, bare, catalogue), said)
  }
  for (const wire of wires) giveSlots(nodes, wire)
  const links: Record<string, Link> = {}
  wires.forEach((wire, index) => {
    const { from, fromSlot, to } = wire
    const toSlot = nodes[to]!.inputs.findIndex(slot => slot.name === wire.input)
    const type = nodes[from]!.outputs[fromSlot]!.type
    const id = String(index + 1)
    links[id] = { id, from, fromSlot, to, toSlot, type }
  })
  return { ...bare, nodes: inColumns(nodes, wires), links }
}

interface PromptWire {
  from: NodeId
  fromSlot: number
  to: NodeId
  input: string
}

/** More outputs than any node has: a link beyond is a mistake, not a reason for a million slots. */
const maxOutputs = 256

function wiresOf(prompt: Prompt): PromptWire[] {
  const wires: PromptWire[] = []
  for (const [to, { inputs }] of Object.entries(prompt)) {
    for (const [input, value] of Object.entries(isObject(inputs) ? inputs : {})) {
      if (!isLink(value)) continue
      const [from, fromSlot] = [String(value[0]), value[1]]
      const possible = fromSlot >= 0 && fromSlot < maxOutputs
      if (Object.hasOwn(prompt, from) && possible) wires.push({ from, fromSlot, to, input })
    }
  }
  return wires
}

/** Literals become widget values. The seed of a recipe stays as it is. */
function withValues(node: GraphNode, { inputs, _meta }: PromptNode): GraphNode {
  const values: Record<string, Json> = { ...node.values }
  for (const [name, value] of Object.entries(isObject(inputs) ? inputs : {})) {
    if (isObject(value) && '__value__' in value) values[name] = value.__value__!
    else if (!isLink(value)) values[name] = value
  }
  const controls =
    node.controls &&
    Object.fromEntries(Object.keys(node.controls).map(name => [name, 'fixed' as const]))
  const title = typeof _meta?.title === 'string' ? _meta.title : undefined
  return {
    ...node,
    values,
    ...(controls && { controls }),
    ...(title !== undefined && { title }),
  }
}

/** Slots a type does not declare, or all of them where the type is unknown, as the links need them. */
function giveSlots(nodes: Record<NodeId, GraphNode>, wire: PromptWire): void {
  const from = nodes[wire.from]!
  const to = nodes[wire.to]!
  const declared = to.inputs.find(slot => slot.name === wire.input)
  while (from.outputs.length <= wire.fromSlot) {
    const last = from.outputs.length === wire.fromSlot
    const type = last ? (declared?.type ?? '*') : '*'
    from.outputs.push({ name: type === '*' ? `output ${from.outputs.length + 1}` : type, type })
  }
  if (!declared) to.inputs.push({ name: wire.input, type: from.outputs[wire.fromSlot]!.type })
}

// ---- layout

function inColumns(
  nodes: Record<NodeId, GraphNode>,
  wires: PromptWire[],
): Record<NodeId, GraphNode> {
  const columns: NodeId[][] = []
  for (const [id, depth] of depths(Object.keys(nodes), wires)) (columns[depth] ??= []).push(id)
  const placed: Record<NodeId, GraphNode> = {}
  const sources = Map.groupBy(wires, wire => wire.to)
  let x = 0
  for (const column of columns) {
    const height = (id: NodeId): number => meanY(sources.get(id) ?? [], placed)
    let y = 0
    for (const id of column.toSorted((a, b) => height(a) - height(b))) {
      placed[id] = { ...nodes[id]!, x, y }
      y += nodes[id]!.height + rowGap
    }
    x += Math.max(...column.map(id => nodes[id]!.width)) + columnGap
  }
  // In the prompt's order, which is the order things are covered and listed in.
  return Object.fromEntries(Object.keys(nodes).map(id => [id, placed[id]!]))
}

/** Nodes stand beside what feeds them. */
function meanY(wires: PromptWire[], placed: Record<NodeId, GraphNode>): number {
  const heights = wires.flatMap(wire => placed[wire.from]?.y ?? [])
  return heights.length === 0 ? 0 : heights.reduce((sum, y) => sum + y, 0) / heights.length
}

/** The longest way to each node; those in a circle stand after everything else. */
function depths(ids: NodeId[], wires: PromptWire[]): Map<NodeId, number> {
  const targets = Map.groupBy(wires, wire => wire.from)
  const waiting = new Map(ids.map(id => [id, 0]))
  for (const { to } of wires) waiting.set(to, waiting.get(to)! + 1)
  const ready = ids.filter(id => waiting.get(id) === 0)
  const depth = new Map(ready.map(id => [id, 0]))
  let deepest = ready.length > 0 ? 0 : -1
  for (const id of ready) {
    const next = depth.get(id)! + 1
    for (const { to } of targets.get(id) ?? []) {
      depth.set(to, Math.max(depth.get(to) ?? 0, next))
      waiting.set(to, waiting.get(to)! - 1)
      if (waiting.get(to) !== 0) continue
      ready.push(to)
      deepest = Math.max(deepest, depth.get(to)!)
    }
  }
  for (const id of ids) if (waiting.get(id) !== 0) depth.set(id, deepest + 1)
  return depth
}
