// Our document → ComfyUI's workflow file. See comfy-form.ts for how untouched parts keep the
// spelling of the file they came from.
import type { Catalogue } from './catalogue.ts'
import { fileKey, highest, list, notesOf, readPair, writeId } from './comfy-form.ts'
import { groupJson, linkJson, nodeJson, portJson } from './comfy-parts.ts'
import { wiresOf } from './comfy-wires.ts'
import {
  type Document,
  type Graph,
  type GraphNode,
  type NodeId,
  type Subgraph,
  subgraphInputId,
  subgraphOutputId,
} from './document.ts'
import { isNumber, isObject, type Json, type JsonObject, toNumber } from './json.ts'

/** Writes ComfyUI's workflow file. What was read and not touched comes back deep-equal. */
export function writeUi(document: Document, catalogue: Catalogue): JsonObject {
  const { rest } = document
  const json: JsonObject = { ...(rest ?? { revision: 0, config: {}, extra: {}, version: 0.4 }) }
  delete json[fileKey]
  Object.assign(json, graphJson(document, rest, catalogue))
  const subgraphs = Object.values(document.subgraphs)
  if (rest?.definitions !== undefined || subgraphs.length > 0) {
    json.definitions = definitionsJson(rest, subgraphs, undefined, catalogue)
  }
  return withCounters(json, document)
}

/** Definitions may nest: each subgraph remembers the definition that held it. */
function definitionsJson(
  rest: JsonObject | undefined,
  subgraphs: Subgraph[],
  within: string | undefined,
  catalogue: Catalogue,
): JsonObject {
  const here = subgraphs.filter(({ rest }) => notesOf(rest).within === within)
  const held = isObject(rest?.definitions) ? rest.definitions : {}
  if (here.length === 0 && notesOf(rest).noSubgraphs === true) return held
  return { ...held, subgraphs: here.map(one => subgraphJson(one, subgraphs, catalogue)) }
}

function subgraphJson(subgraph: Subgraph, all: Subgraph[], catalogue: Catalogue): JsonObject {
  const wires = wiresOf(subgraph, notesOf(subgraph.rest).dangling)
  const bounding = [0, 0, 120, 60]
  const json: JsonObject = {
    ...(subgraph.rest ?? {
      version: 1,
      revision: 0,
      config: {},
      inputNode: { id: writeId(subgraphInputId), bounding },
      outputNode: { id: writeId(subgraphOutputId), bounding },
      widgets: [],
      extra: {},
      state: { lastGroupId: 0, lastNodeId: 0, lastLinkId: 0, lastRerouteId: 0 },
    }),
    id: subgraph.id,
    name: subgraph.name,
    inputs: subgraph.inputs.map((port, slot) =>
      portJson(port, wires.outOf(subgraphInputId, slot), wires),
    ),
    outputs: subgraph.outputs.map((port, slot) =>
      portJson(port, wires.allInto(subgraphOutputId, slot), wires),
    ),
  }
  delete json[fileKey]
  Object.assign(json, graphJson(subgraph, subgraph.rest, catalogue, true))
  if (subgraph.rest?.definitions !== undefined) {
    json.definitions = definitionsJson(subgraph.rest, all, subgraph.id, catalogue)
  }
  return withCounters(json, subgraph)
}

// ---- one canvas

function graphJson(
  graph: Graph,
  rest: JsonObject | undefined,
  catalogue: Catalogue,
  inside = false,
): JsonObject {
  const notes = notesOf(rest)
  const wires = wiresOf(graph, notes.dangling)
  const nodes = inFileOrder(graph.nodes, notes.nodes)
  const asObjects =
    inside || isObject(rest?.state) || readPair([rest?.version ?? 0], [0, 0])[0] >= 1
  const links = list(notes.links).flatMap((entry): Json[] => {
    const link = typeof entry === 'string' ? graph.links[entry] : undefined
    if (link) return [linkJson(link, asObjects)]
    return typeof entry === 'string' ? [] : [entry]
  })
  const listed = new Set(list(notes.links))
  for (const link of Object.values(graph.links)) {
    if (!listed.has(link.id)) links.push(linkJson(link, asObjects))
  }
  return {
    nodes: withOrder(
      nodes,
      nodes.map(node => nodeJson(node, wires, catalogue)),
    ),
    links,
    ...((graph.groups.length > 0 || notes.noGroups !== true) && {
      groups: graph.groups.map(groupJson),
    }),
  }
}

/** Nodes as they lay in the file (their order is what covers what), new ones last. */
function inFileOrder(nodes: Record<NodeId, GraphNode>, order: Json | undefined): GraphNode[] {
  const listed = list(order).filter((id): id is string => typeof id === 'string')
  const first = new Set(listed)
  const rest = Object.values(nodes).filter(node => !first.has(node.id))
  return [...listed.flatMap(id => nodes[id] ?? []), ...rest]
}

/** ComfyUI's nodes have an `order`, which its page computes anew on loading. */
function withOrder(nodes: GraphNode[], written: JsonObject[]): JsonObject[] {
  let next = 0
  for (const { order } of written) if (isNumber(order)) next = Math.max(next, toNumber(order) + 1)
  return written.map((json, index) =>
    'order' in json || notesOf(nodes[index]!.rest).noOrder === true
      ? json
      : { ...json, order: next++ },
  )
}

/** `last_node_id` and its kin never fall behind the ids in use. */
function withCounters(json: JsonObject, graph: Document | Subgraph): JsonObject {
  const notes = notesOf(graph.rest)
  const lastNode = highest(Object.keys(graph.nodes))
  const lastLink = highest(Object.keys(graph.links))
  if (isObject(json.state)) {
    const state = { ...json.state }
    raise(state, 'lastNodeId', lastNode, notes.lastNode)
    raise(state, 'lastLinkId', lastLink, notes.lastLink)
    return { ...json, state }
  }
  if ('inputNode' in json) return json
  raise(json, 'last_node_id', lastNode, notes.lastNode)
  raise(json, 'last_link_id', lastLink, notes.lastLink)
  return json
}

/** A file whose counter was already behind (`was` is what its ids had reached) keeps it so. */
function raise(json: JsonObject, key: string, least: number, was: Json | undefined): void {
  const present = json[key]
  if (isNumber(present) && toNumber(present) >= least) return
  if (was !== least) json[key] = least
}
