import {
  type Catalogue,
  descriptionOf,
  hasControl,
  hasWidget,
  type NodeDescription,
} from './catalogue.ts'
import type { Document, Graph, GraphNode, SeedControl } from './document.ts'
import { activeInputs } from './dynamic-inputs.ts'
import { linkInto } from './flatten.ts'
import type { Json } from './json.ts'
import { inputSlots, outputSlots } from './new-node.ts'
import { filledPrimitive, primitiveOf } from './primitive.ts'
import { primitiveType } from './virtual-nodes.ts'

/**
 * Gives nodes what their definition has and they lack: default values, controls, sockets (at the end,
 * so that links keep their positions). Nothing is taken away. The editor calls it on opening, and
 * after an edit, with the document `before` it, for what the edit brings along: another option's
 * inputs, the next socket of a row. Nodes that the edit left alone are not looked at again.
 */
export function syncWithCatalogue(
  document: Document,
  catalogue: Catalogue,
  before?: Document,
): Document {
  if (document === before) return document
  const nodes = syncNodes(document, document, catalogue, before)
  let { subgraphs } = document
  for (const subgraph of Object.values(document.subgraphs)) {
    const inside = syncNodes(document, subgraph, catalogue, before?.subgraphs[subgraph.id])
    if (inside !== subgraph.nodes) {
      subgraphs = { ...subgraphs, [subgraph.id]: { ...subgraph, nodes: inside } }
    }
  }
  if (nodes === document.nodes && subgraphs === document.subgraphs) return document
  return { ...document, nodes, subgraphs }
}

function syncNodes(
  document: Document,
  graph: Graph,
  catalogue: Catalogue,
  before?: Graph,
): Graph['nodes'] {
  if (graph === before) return graph.nodes
  const relinked = before && graph.links !== before.links
  let { nodes } = graph
  for (const node of Object.values(graph.nodes)) {
    const untouched = node === before?.nodes[node.id]
    if (untouched && !relinked) continue
    const description = descriptionOf(catalogue, node.type)
    const primitive = node.type === primitiveType
    if (!primitive && (!description || description.virtual)) continue
    const byLinks = primitive || description!.inputs.some(input => input.grows)
    if (untouched && !byLinks) continue
    const synced = primitive
      ? syncPrimitive(document, graph, node, catalogue)
      : syncNode(graph, node, description!)
    if (synced === node) continue
    if (nodes === graph.nodes) nodes = { ...nodes }
    nodes[node.id] = synced
  }
  return nodes
}

function syncPrimitive(
  document: Document,
  graph: Graph,
  node: GraphNode,
  catalogue: Catalogue,
): GraphNode {
  const primitive = primitiveOf(document, graph, node.id, catalogue)
  return primitive ? filledPrimitive(node, primitive) : node
}

function syncNode(graph: Graph, node: GraphNode, description: NodeDescription): GraphNode {
  const values: Record<string, Json> = {}
  const controls: Record<string, SeedControl> = {}
  for (const input of activeInputs(description.inputs, node.values)) {
    if (!hasWidget(input)) continue
    const held = Object.hasOwn(node.values, input.name)
    if (!held) values[input.name] = input.widget!.default
    // A seed that came without a control belongs to a recipe: it stays.
    if (hasControl(input) && !node.controls?.[input.name]) {
      controls[input.name] = held ? 'fixed' : 'randomize'
    }
  }
  const place = new Map(node.inputs.map((slot, index) => [slot.name, index]))
  const linked = (name: string) => linkInto(graph, node.id, place.get(name) ?? -1) !== undefined
  const inputs = inputSlots(description, { ...node.values, ...values }, linked).filter(
    slot => !place.has(slot.name),
  )
  const outputs = outputSlots(description).slice(node.outputs.length)
  const missing = [values, controls, inputs, outputs]
  if (missing.every(part => Object.keys(part).length === 0)) return node
  return {
    ...node,
    inputs: inputs.length > 0 ? [...node.inputs, ...inputs] : node.inputs,
    outputs: outputs.length > 0 ? [...node.outputs, ...outputs] : node.outputs,
    values: { ...node.values, ...values },
    ...(Object.keys(controls).length > 0 && { controls: { ...node.controls, ...controls } }),
  }
}
