// Nodes become a subgraph. What runs stays the same: only the paths of the ids in the flat prompt change.
import {
  byId,
  type Canvas,
  EditError,
  editGraph,
  freshLinkIds,
  freshNodeIds,
  graphAt,
  outputType,
} from './canvas.ts'
import {
  type Document,
  type Graph,
  type GraphNode,
  type InputSlot,
  type Link,
  type LinkId,
  type NodeId,
  type Subgraph,
  type SubgraphPort,
  subgraphInputId,
  subgraphOutputId,
} from './document.ts'
import type { Json } from './json.ts'

/** `fresh` answers an id that no definition had: a UUID. */
export interface NewSubgraph {
  name: string
  fresh: () => string
}

const endOf = (id: NodeId, slot: number) => `${id}:${slot}`

/**
 * Puts nodes of one canvas into a new subgraph and a node for it in their place.
 * @throws EditError when nothing is chosen, or when a node outside lies between two of them
 */
export function makeSubgraph(
  document: Document,
  at: Canvas,
  ids: Iterable<NodeId>,
  { name, fresh }: NewSubgraph,
): { document: Document; id: NodeId } {
  const graph = graphAt(document, at)
  const chosen = new Set([...ids].filter(id => graph?.nodes[id]))
  if (!graph || chosen.size === 0) throw new EditError('Select the nodes to put together first.')
  if (comesBack(graph, chosen)) {
    throw new EditError(
      'These nodes cannot become one: a node outside stands between them. Select it too.',
    )
  }
  const crossing = boundaryOf(graph, chosen, fresh)
  const within = linksWithin(crossing, freshLinkIds(document))
  const id = freshNodeIds(document)()
  const nodes = Object.values(graph.nodes)
  const inside = nodes.filter(node => chosen.has(node.id))
  const subgraph: Subgraph = {
    id: fresh(),
    name,
    inputs: crossing.inputs.ports,
    outputs: crossing.outputs.ports,
    nodes: byId(inside),
    links: byId(within),
    groups: [],
  }
  const instance = instanceOf(subgraph, id, {
    x: Math.min(...inside.map(({ x }) => x)),
    y: Math.min(...inside.map(({ y }) => y)),
  })
  const outside = Object.values(graph.links).filter(
    ({ from, to }) => !(chosen.has(from) || chosen.has(to)),
  )
  const edited = editGraph(document, at, () => ({
    nodes: byId([...nodes.filter(node => !chosen.has(node.id)), instance]),
    links: byId([...outside, ...linksTo(id, crossing)]),
  }))
  return {
    document: { ...edited, subgraphs: { ...edited.subgraphs, [subgraph.id]: subgraph } },
    id,
  }
}

/** The links of nodes that become a subgraph, and the ports that those across its border need. */
interface Boundary {
  inner: Link[]
  incoming: Link[]
  outgoing: Link[]
  inputs: Ports
  outputs: Ports
}

function boundaryOf(
  graph: Graph | Subgraph,
  chosen: ReadonlySet<NodeId>,
  fresh: () => string,
): Boundary {
  const links = Object.values(graph.links).map(({ rest: _, ...link }): Link => link)
  const incoming = links.filter(({ from, to }) => !chosen.has(from) && chosen.has(to))
  const outgoing = links.filter(({ from, to }) => chosen.has(from) && !chosen.has(to))
  return {
    inner: links.filter(({ from, to }) => chosen.has(from) && chosen.has(to)),
    incoming,
    outgoing,
    inputs: portsFor(incoming, fresh, link => {
      const slot = graph.nodes[link.to]!.inputs[link.toSlot]
      return { name: slot?.name ?? 'input', label: slot?.label, type: typeOf(graph, link) }
    }),
    outputs: portsFor(outgoing, fresh, link => {
      const slot = graph.nodes[link.from]!.outputs[link.fromSlot]
      return { name: slot?.name ?? 'output', label: slot?.label, type: typeOf(graph, link) }
    }),
  }
}

/** The subgraph's own links: between its nodes, from its inputs and to its outputs. */
const linksWithin = (
  { inner, incoming, outgoing, inputs, outputs }: Boundary,
  nextLink: () => LinkId,
): Link[] => [
  ...inner,
  ...incoming.map(link => ({
    ...link,
    id: nextLink(),
    from: subgraphInputId,
    fromSlot: inputs.portOf(link),
  })),
  ...outputs.ports.map(({ type }, port) => {
    const link = outgoing.find(other => outputs.portOf(other) === port)!
    return { ...link, id: nextLink(), to: subgraphOutputId, toSlot: port, type }
  }),
]

/** The links across the border, joined to the node that stands for the subgraph. */
const linksTo = (id: NodeId, { incoming, outgoing, inputs, outputs }: Boundary): Link[] => [
  ...inputs.ports.map((_port, port) => {
    const link = incoming.find(other => inputs.portOf(other) === port)!
    return { ...link, to: id, toSlot: port }
  }),
  ...outgoing.map(link => ({ ...link, from: id, fromSlot: outputs.portOf(link) })),
]

/** Whether a way leads out of these nodes and back into them: a node in their place would be a circle. */
function comesBack(graph: Graph, chosen: ReadonlySet<NodeId>): boolean {
  const links = Object.values(graph.links)
  const leaving = links.filter(({ from, to }) => chosen.has(from) && !chosen.has(to))
  const reached = new Set(leaving.map(({ to }) => to))
  const next = Map.groupBy(links, ({ from }) => from)
  for (const id of reached) {
    for (const { to } of next.get(id) ?? []) {
      if (chosen.has(to)) return true
      reached.add(to)
    }
  }
  return false
}

interface Ports {
  ports: SubgraphPort[]
  /** The place among `ports` that a link goes through. */
  portOf(link: Link): number
}

/** One port for each output that is linked across the border, named after its first use. */
function portsFor(
  links: Link[],
  fresh: () => string,
  describe: (link: Link) => Omit<SubgraphPort, 'id'>,
): Ports {
  const slots = new Map<string, number>()
  const ports: SubgraphPort[] = []
  for (const link of links) {
    const end = endOf(link.from, link.fromSlot)
    if (slots.has(end)) continue
    const { name, label, type } = describe(link)
    slots.set(end, ports.length)
    const names = ports.map(port => port.name)
    ports.push({ id: fresh(), name: unused(name, names), type, ...(label && { label }) })
  }
  return { ports, portOf: (link: Link) => slots.get(endOf(link.from, link.fromSlot))! }
}

/** `image`, then `image_1`, as ComfyUI names ports that would be called the same. */
function unused(name: string, names: readonly string[]): string {
  for (let count = 0; ; count++) {
    const candidate = count === 0 ? name : `${name}_${count}`
    if (!names.includes(candidate)) return candidate
  }
}

const typeOf = (graph: Graph | Subgraph, link: Link): string => {
  const type = outputType(graph, link.from, link.fromSlot)
  return type === undefined || type === '*' ? link.type : type
}

/** A node for a subgraph that holds the values of the widgets its inputs lead to. */
function instanceOf(subgraph: Subgraph, id: NodeId, at: { x: number; y: number }): GraphNode {
  const values: Record<string, Json> = {}
  const inputs = subgraph.inputs.map(({ name, type, label }, port): InputSlot => {
    const link = Object.values(subgraph.links).find(
      ({ from, fromSlot }) => from === subgraphInputId && fromSlot === port,
    )
    const node = link && subgraph.nodes[link.to]
    const widget = link && node?.inputs[link.toSlot]?.widget
    const value = widget === undefined ? undefined : node?.values[widget]
    if (value !== undefined) values[name] = value
    return { name, type, ...(label && { label }), ...(widget !== undefined && { widget: name }) }
  })
  const outputs = subgraph.outputs.map(({ name, type, label }) => ({
    name,
    type,
    ...(label && { label }),
  }))
  return {
    id,
    type: subgraph.id,
    ...at,
    width: 240,
    height: 60,
    mode: 'always',
    inputs,
    outputs,
    values,
  }
}
