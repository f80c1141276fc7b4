// A subgraph becomes its nodes again. What runs stays the same.
import {
  byId,
  type Canvas,
  EditError,
  editGraph,
  freshLinkIds,
  freshNodeIds,
  graphAt,
} from './canvas.ts'
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

/**
 * Puts what a subgraph holds in the place of its node, and forgets the definition when no other node
 * stands for it. @throws EditError when the node stands for no subgraph
 */
export function unpackSubgraph(
  document: Document,
  at: Canvas,
  id: NodeId,
): { document: Document; ids: NodeId[] } {
  const graph = graphAt(document, at)
  const instance = graph?.nodes[id]
  const subgraph = instance && subgraphOf(document, instance.type)
  if (!graph || !instance || !subgraph) throw new EditError('This node is no subgraph.')
  const nextNode = freshNodeIds(document)
  const nextLink = freshLinkIds(document)
  const renamed = new Map(Object.keys(subgraph.nodes).map(inside => [inside, nextNode()]))
  const inner = Object.values(subgraph.nodes)
  const shift = {
    x: instance.x - Math.min(...inner.map(({ x }) => x), Number.POSITIVE_INFINITY),
    y: instance.y - Math.min(...inner.map(({ y }) => y), Number.POSITIVE_INFINITY),
  }
  const given = promotedValues(subgraph, instance, graph)
  const nodes = inner.map(
    (node): GraphNode => ({
      ...node,
      id: renamed.get(node.id)!,
      x: node.x + shift.x,
      y: node.y + shift.y,
      mode: instance.mode === 'always' ? node.mode : instance.mode,
      values: { ...node.values, ...given.get(node.id) },
    }),
  )
  const outside = Object.values(graph.links).filter(({ from, to }) => from !== id && to !== id)
  const within = linksThrough(graph, instance, subgraph, renamed)
  const links = [...outside, ...within.map((link): Link => ({ ...link, id: nextLink() }))]
  const { [id]: _, ...others } = graph.nodes
  const groups = subgraph.groups.map(group => ({
    ...group,
    x: group.x + shift.x,
    y: group.y + shift.y,
  }))
  const edited = editGraph(document, at, () => ({
    nodes: { ...others, ...byId(nodes) },
    links: byId(links),
    groups: groups.length ? [...graph.groups, ...groups] : graph.groups,
  }))
  return { document: withoutUnused(edited, subgraph.id), ids: nodes.map(node => node.id) }
}

/** The subgraph's links between its nodes under their new ids, joined with those across its border. */
function linksThrough(
  graph: Graph,
  instance: GraphNode,
  subgraph: Subgraph,
  renamed: ReadonlyMap<NodeId, NodeId>,
): Omit<Link, 'id'>[] {
  const around = Object.values(graph.links)
  const into = (port: number) =>
    around.filter(
      ({ to, toSlot }) =>
        to === instance.id && instance.inputs[toSlot]?.name === subgraph.inputs[port]?.name,
    )
  const outOf = (port: number) =>
    around.filter(({ from, fromSlot }) => from === instance.id && fromSlot === port)
  return Object.values(subgraph.links).flatMap(({ from, fromSlot, to, toSlot, type }) => {
    const sources =
      from === subgraphInputId ? into(fromSlot) : [{ from: renamed.get(from)!, fromSlot }]
    const targets = to === subgraphOutputId ? outOf(toSlot) : [{ to: renamed.get(to)!, toSlot }]
    return sources.flatMap(source =>
      targets.map(target => ({
        from: source.from,
        fromSlot: source.fromSlot,
        to: target.to,
        toSlot: target.toSlot,
        type,
      })),
    )
  })
}

/** By node inside: what the node outside holds for its widgets. */
function promotedValues(subgraph: Subgraph, instance: GraphNode, graph: Graph) {
  const found = new Map<NodeId, Record<string, Json>>()
  for (const { from, fromSlot, to, toSlot } of Object.values(subgraph.links)) {
    const name = from === subgraphInputId ? subgraph.inputs[fromSlot]?.name : undefined
    const widget = subgraph.nodes[to]?.inputs[toSlot]?.widget
    if (name === undefined || widget === undefined || !Object.hasOwn(instance.values, name))
      continue
    const slot = instance.inputs.findIndex(input => input.name === name)
    const linked = Object.values(graph.links).some(
      link => link.to === instance.id && link.toSlot === slot,
    )
    if (!linked) found.set(to, { ...found.get(to), [widget]: instance.values[name]! })
  }
  return found
}

function withoutUnused(document: Document, id: string): Document {
  const all: Graph[] = [document, ...Object.values(document.subgraphs)]
  if (all.some(({ nodes }) => Object.values(nodes).some(({ type }) => type === id))) return document
  const { [id]: _, ...subgraphs } = document.subgraphs
  return { ...document, subgraphs }
}
