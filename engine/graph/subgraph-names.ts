// What a subgraph and its ports are called. Links and values go by a port's name, people by its label.
import { type Document, type Graph, type InputSlot, subgraphOf } from './document.ts'

/** An empty name changes nothing. */
export function renameSubgraph(document: Document, id: string, name: string): Document {
  const subgraph = subgraphOf(document, id)
  if (!subgraph || !name.trim() || subgraph.name === name) return document
  return { ...document, subgraphs: { ...document.subgraphs, [id]: { ...subgraph, name } } }
}

/** Its label here and on every node that stands for the subgraph; links and values go by its name. */
export function labelPort(
  document: Document,
  id: string,
  side: 'inputs' | 'outputs',
  port: number,
  label: string,
): Document {
  const subgraph = subgraphOf(document, id)
  const before = subgraph?.[side][port]
  if (!subgraph || !before || !label.trim() || (before.label ?? before.name) === label) {
    return document
  }
  const relabelled = <T extends { name: string; label?: string }>(slots: T[]): T[] =>
    slots.map(slot => (slot.name === before.name ? { ...slot, label } : slot))
  const inGraph = <T extends Graph>(graph: T): T => {
    const nodes = Object.entries(graph.nodes).map(([key, node]) => [
      key,
      node.type === id ? { ...node, [side]: relabelled<InputSlot>(node[side]) } : node,
    ])
    return { ...graph, nodes: Object.fromEntries(nodes) }
  }
  const named = { ...subgraph, [side]: relabelled(subgraph[side]) }
  const subgraphs = Object.fromEntries(
    Object.entries({ ...document.subgraphs, [id]: named }).map(([key, one]) => [key, inGraph(one)]),
  )
  return { ...inGraph(document), subgraphs }
}
