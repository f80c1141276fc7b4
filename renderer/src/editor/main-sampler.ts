// What the prompt bar speaks to: the sampler of the workflow, the text that steers it, its seed.
import { type Catalogue, hasControl } from '../../../engine/graph/catalogue.ts'
import type { Graph, GraphNode, Link, NodeId } from '../../../engine/graph/document.ts'

export interface WidgetRef {
  node: NodeId
  name: string
}

export interface MainSampler {
  prompt?: WidgetRef
  seed?: WidgetRef
}

/** How far upstream a text is looked for. */
const mostHops = 24

type Into = ReadonlyMap<NodeId, Map<string, Link>>

function linksInto(graph: Graph): Into {
  const into = new Map<NodeId, Map<string, Link>>()
  for (const link of Object.values(graph.links)) {
    const name = graph.nodes[link.to]?.inputs[link.toSlot]?.name
    if (name === undefined) continue
    const named = into.get(link.to) ?? new Map<string, Link>()
    into.set(link.to, named.set(name, link))
  }
  return into
}

/** The widget that holds what a node says: its longest text field, by preference one named so. */
function textOf(
  node: GraphNode,
  catalogue: Catalogue,
  linked: ReadonlyMap<string, Link> | undefined,
) {
  const fields = (catalogue[node.type]?.inputs ?? []).filter(
    ({ name, widget }) => widget?.kind === 'text' && !linked?.has(name),
  )
  const best =
    fields.find(({ name }) => name === 'text' || name === 'prompt' || name === 'value') ??
    fields.find(({ widget }) => widget?.kind === 'text' && widget.multiline)
  return best?.name
}

/** Inputs worth following upstream to the text, the likeliest first. */
const upstream = [
  'positive',
  'conditioning',
  'guider',
  'text',
  'prompt',
  'value',
  'conditioning_to',
  'conditioning_1',
  'string',
  'string_a',
  '',
]

function findText(
  graph: Graph,
  catalogue: Catalogue,
  into: Into,
  start: NodeId,
): WidgetRef | undefined {
  let id = start
  for (let hop = 0; hop < mostHops; hop++) {
    const node = graph.nodes[id]
    if (!node) return undefined
    const linked = into.get(id)
    const name = textOf(node, catalogue, linked)
    if (name !== undefined) return { node: id, name }
    const next =
      upstream.map(input => linked?.get(input)).find(link => link !== undefined) ??
      (linked?.size === 1 ? [...linked.values()][0] : undefined)
    if (!next) return undefined
    id = next.from
  }
  return undefined
}

function seedOf(graph: Graph, catalogue: Catalogue, into: Into, id: NodeId): WidgetRef | undefined {
  const node = graph.nodes[id]!
  const input = catalogue[node.type]?.inputs.find(
    ({ name, widget }) => widget?.kind === 'int' && (widget.seed || /^(noise_)?seed$/.test(name)),
  )
  const link = input ? into.get(id)?.get(input.name) : into.get(id)?.get('noise')
  if (input && !link) return { node: id, name: input.name }
  const source = link && graph.nodes[link.from]
  const outer =
    source &&
    catalogue[source.type]?.inputs.find(
      candidate => hasControl(candidate) || candidate.widget?.kind === 'int',
    )
  return outer && { node: source.id, name: outer.name }
}

/** The first sampler in reading order whose `positive` (or `guider`) is linked and that is not muted. */
export function findMainSampler(graph: Graph, catalogue: Catalogue): MainSampler {
  const into = linksInto(graph)
  const samplers = Object.values(graph.nodes)
    .filter(
      ({ id, mode }) =>
        mode === 'always' && (into.get(id)?.has('positive') || into.get(id)?.has('guider')),
    )
    .map(node => ({ node, seed: seedOf(graph, catalogue, into, node.id) }))
    .sort((a, b) => Number(!a.seed) - Number(!b.seed) || a.node.x - b.node.x)
  const first = samplers[0]
  if (!first) return {}
  const link = into.get(first.node.id)!.get('positive') ?? into.get(first.node.id)!.get('guider')!
  return { prompt: findText(graph, catalogue, into, link.from), seed: first.seed }
}
