import {
  type Catalogue,
  descriptionOf,
  hasControl,
  hasWidget,
  type NodeDescription,
} from './catalogue.ts'
import type { Document, Graph, GraphNode, SeedControl } from './document.ts'
import type { Json } from './json.ts'
import { inputSlots, outputSlots } from './new-node.ts'

/**
 * Gives nodes what their definition has and they lack: default values, controls, sockets (at the end,
 * so that links keep their positions). Nothing is taken away. The editor calls it on opening.
 */
export function syncWithCatalogue(document: Document, catalogue: Catalogue): Document {
  const nodes = syncNodes(document, catalogue)
  let { subgraphs } = document
  for (const subgraph of Object.values(document.subgraphs)) {
    const inside = syncNodes(subgraph, catalogue)
    if (inside !== subgraph.nodes) {
      subgraphs = { ...subgraphs, [subgraph.id]: { ...subgraph, nodes: inside } }
    }
  }
  if (nodes === document.nodes && subgraphs === document.subgraphs) return document
  return { ...document, nodes, subgraphs }
}

function syncNodes(graph: Graph, catalogue: Catalogue): Graph['nodes'] {
  let { nodes } = graph
  for (const node of Object.values(graph.nodes)) {
    const description = descriptionOf(catalogue, node.type)
    const synced = description && !description.virtual ? syncNode(node, description) : node
    if (synced === node) continue
    if (nodes === graph.nodes) nodes = { ...nodes }
    nodes[node.id] = synced
  }
  return nodes
}

function syncNode(node: GraphNode, description: NodeDescription): GraphNode {
  const values: Record<string, Json> = {}
  const controls: Record<string, SeedControl> = {}
  for (const input of description.inputs) {
    if (!hasWidget(input)) continue
    const held = Object.hasOwn(node.values, input.name)
    if (!held) values[input.name] = input.widget!.default
    // A seed that came without a control belongs to a recipe: it stays.
    if (hasControl(input) && !node.controls?.[input.name]) {
      controls[input.name] = held ? 'fixed' : 'randomize'
    }
  }
  const present = new Set(node.inputs.map(slot => slot.name))
  const inputs = inputSlots(description).filter(slot => !present.has(slot.name))
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
