// ComfyUI's workflow file → our document: schema 0.4 (links as arrays) and 1.0 (links as objects),
// subgraph definitions however deep. A link exists when an input names it, as in ComfyUI.
import { type Catalogue, descriptionOf } from './catalogue.ts'
import {
  highest,
  leftover,
  list,
  notesOf,
  orUndefined,
  readId,
  readMode,
  readPair,
  readText,
  readType,
  withNotes,
} from './comfy-form.ts'
import { danglingIds, readLinks } from './comfy-links.ts'
import {
  groupJson,
  inputJson,
  namedJson,
  nodeJson,
  outputJson,
  portJson,
  readBox,
} from './comfy-parts.ts'
import { controlWidget, layoutOf, valuesByName, widgetNamesAt } from './comfy-widgets.ts'
import { type Wires, wiresOf } from './comfy-wires.ts'
import {
  type Document,
  type Graph,
  type GraphNode,
  type Group,
  type InputSlot,
  type LinkId,
  type NodeId,
  type OutputSlot,
  type Subgraph,
  type SubgraphPort,
  subgraphInputId,
  subgraphOutputId,
} from './document.ts'
import { isNumber, isObject, type Json, type JsonObject, sameJson, toNumber } from './json.ts'
import { WorkflowError } from './workflow-error.ts'

/** Reads ComfyUI's workflow file. @throws WorkflowError */
export function readUi(json: JsonObject, catalogue: Catalogue): Document {
  if (!Array.isArray(json.nodes)) {
    throw new WorkflowError('This is not a ComfyUI workflow: it has no list of nodes.')
  }
  const definitions = new Map<string, Definition>()
  collectDefinitions(json.definitions, undefined, definitions)
  const context: Context = { catalogue, definitions }
  const { graph, notes } = readGraph(json, context, isNewSchema(json))
  const subgraphs: Record<string, Subgraph> = {}
  for (const [id, definition] of definitions) subgraphs[id] = readSubgraph(id, definition, context)
  return { ...graph, subgraphs, rest: restOfGraph(json, notes, []) }
}

interface Definition {
  raw: JsonObject
  /** The definition that holds this one in the file. */
  within: string | undefined
}

interface Context {
  catalogue: Catalogue
  definitions: Map<string, Definition>
}

const isNewSchema = (json: JsonObject): boolean =>
  isObject(json.state) || (isNumber(json.version) && toNumber(json.version) >= 1)

function collectDefinitions(
  definitions: Json | undefined,
  within: string | undefined,
  into: Map<string, Definition>,
): void {
  for (const raw of list(isObject(definitions) ? definitions.subgraphs : undefined)) {
    const id = isObject(raw) ? readId(raw.id) : undefined
    if (!isObject(raw) || id === undefined || into.has(id)) continue
    into.set(id, { raw, within })
    collectDefinitions(raw.definitions, id, into)
  }
}

function readSubgraph(id: string, { raw, within }: Definition, context: Context): Subgraph {
  const { graph, notes } = readGraph(raw, context, true)
  const wires = wiresOf(graph, notes.dangling)
  return {
    ...graph,
    id,
    name: readText(raw.name) ?? id,
    inputs: list(raw.inputs).map((port, slot) =>
      readPort(port, wires.outOf(subgraphInputId, slot), wires),
    ),
    outputs: list(raw.outputs).map((port, slot) =>
      readPort(port, wires.allInto(subgraphOutputId, slot), wires),
    ),
    rest: restOfGraph(raw, { ...notes, within }, ['id', 'name', 'inputs', 'outputs']),
  }
}

/** Everything of a canvas that is not its nodes, links and groups. */
function restOfGraph(raw: JsonObject, notes: JsonNotes, known: string[]): JsonObject {
  const rest: JsonObject = {}
  for (const [key, value] of Object.entries(raw)) {
    if (!['nodes', 'links', 'groups', ...known].includes(key)) rest[key] = value
  }
  if (isObject(raw.definitions)) {
    const { subgraphs, ...others } = raw.definitions
    rest.definitions = others
    if (subgraphs === undefined) notes = { ...notes, noSubgraphs: true }
  }
  return withNotes(rest, notes)
}

function readPort(raw: Json, links: LinkId[], wires: Wires): SubgraphPort {
  const json = isObject(raw) ? raw : {}
  const port: SubgraphPort = {
    id: readId(json.id) ?? '',
    name: readText(json.name) ?? '',
    type: readType(json.type),
    ...(typeof json.label === 'string' && { label: json.label }),
  }
  const rest = orUndefined(leftover(json, portJson(port, links, wires)))
  return rest ? { ...port, rest } : port
}

// ---- one canvas

type JsonNotes = Record<string, Json | undefined>

function readGraph(
  raw: JsonObject,
  context: Context,
  asObjects: boolean,
): { graph: Graph; notes: JsonNotes } {
  const rawNodes = new Map<NodeId, JsonObject>()
  for (const node of list(raw.nodes)) {
    const id = isObject(node) ? readId(node.id) : undefined
    if (isObject(node) && id !== undefined) rawNodes.set(freshId(id, rawNodes), node)
  }
  const { links, order } = readLinks(raw, rawNodes, asObjects)
  const groups = list(raw.groups).filter(isObject).map(readGroup)
  const graph: Graph = { nodes: {}, links, groups }
  const dangling = danglingIds(raw, rawNodes, links)
  const wires = wiresOf(graph, dangling)
  for (const [id, node] of rawNodes) graph.nodes[id] = readNode(id, node, wires, context)
  const notes = {
    nodes: inOwnOrder([...rawNodes.keys()], graph.nodes),
    links: inOwnOrder(order, links),
    dangling,
    noGroups: raw.groups === undefined ? true : undefined,
    lastNode: highest(rawNodes.keys()),
    lastLink: highest(Object.keys(links)),
  }
  return { graph, notes }
}

/** Two nodes of one id: the second gets an id of its own. */
function freshId(id: NodeId, taken: Map<NodeId, unknown>): NodeId {
  let fresh = id
  for (let n = 1; taken.has(fresh); n++) fresh = `${id}_${n}`
  return fresh
}

/** Objects order keys that are whole numbers by size: the file's order is noted where it differs. */
function inOwnOrder(order: Json[], of: Record<string, unknown>): Json[] | undefined {
  return sameJson(order, Object.keys(of)) ? undefined : order
}

function readGroup(raw: JsonObject): Group {
  const [x, y, width, height] = readBox(raw.bounding)
  const group: Group = {
    title: readText(raw.title) ?? '',
    x,
    y,
    width,
    height,
    ...(typeof raw.color === 'string' && { color: raw.color }),
  }
  const rest = orUndefined(leftover(raw, groupJson(group)))
  return rest ? { ...group, rest } : group
}

// ---- nodes and slots

function readNode(id: NodeId, raw: JsonObject, wires: Wires, context: Context): GraphNode {
  const [x, y] = readPair(raw.pos, [0, 0])
  const [width, height] = readPair(raw.size, [210, 100])
  const type = readText(raw.type) ?? ''
  const { widgets, notes } = readWidgets(type, raw, context)
  const node: GraphNode = {
    id,
    type,
    ...(typeof raw.title === 'string' && { title: raw.title }),
    x,
    y,
    width,
    height,
    mode: readMode(raw.mode),
    ...(isObject(raw.flags) && raw.flags.collapsed === true && { collapsed: true }),
    ...(isObject(raw.flags) && raw.flags.pinned === true && { pinned: true }),
    ...(typeof raw.color === 'string' && { color: raw.color }),
    inputs: list(raw.inputs).map((slot, index) => readInput(slot, wires.into(id, index), wires)),
    outputs: list(raw.outputs).map((slot, index) =>
      readOutput(slot, wires.outOf(id, index), wires),
    ),
    ...widgets,
    rest: withNotes({}, notes),
  }
  const rest = leftover(raw, nodeJson(node, wires, context.catalogue))
  const apart = valuesApart(raw.widgets_values_named, node)
  const noOrder = 'order' in raw ? undefined : true
  return { ...node, rest: withNotes(rest, { ...notesOf(rest), ...notes, apart, noOrder }) }
}

/** Our values where the file's by-name copy says something else. */
function valuesApart(named: Json | undefined, node: GraphNode): JsonObject | undefined {
  if (!isObject(named)) return undefined
  const ours = namedJson(named, node)
  const names = Object.keys(named).filter(name => !sameJson(named[name], ours[name]))
  return names.length > 0 ? Object.fromEntries(names.map(name => [name, ours[name]!])) : undefined
}

type Widgets = Pick<GraphNode, 'values' | 'controls'>

function readWidgets(
  type: string,
  raw: JsonObject,
  context: Context,
): { widgets: Widgets; notes: JsonNotes } {
  const stored = raw.widgets_values
  if (isObject(stored)) return { widgets: { values: { ...stored } }, notes: { byName: true } }
  const positional = list(stored)
  const layout = layoutOf(raw, positional, knownNames(type, positional, context))
  const { values, controls } = valuesByName(layout, positional)
  const widgets = Object.keys(controls).length > 0 ? { values, controls } : { values }
  return { widgets, notes: { widgets: layout.length > 0 ? layout : undefined } }
}

/** Widgets of the nodes that exist on ComfyUI's canvas only. */
const canvasWidgets = new Map([
  ['PrimitiveNode', ['value', controlWidget]],
  ['Note', ['text']],
  ['MarkdownNote', ['text']],
])

function knownNames(
  type: string,
  positional: Json[],
  { catalogue, definitions }: Context,
): string[] | undefined {
  const definition = definitions.get(type)
  if (definition) return promotedNames(definition.raw)
  const description = descriptionOf(catalogue, type)
  return canvasWidgets.get(type) ?? (description && widgetNamesAt(description, positional))
}

/** A subgraph's node shows the widgets its inputs lead to, in the order of the inputs. */
function promotedNames(subgraph: JsonObject): string[] {
  const widgetEnds = new Set<string>()
  for (const node of list(subgraph.nodes)) {
    for (const input of list(isObject(node) ? node.inputs : undefined)) {
      const link = isObject(input) && isObject(input.widget) ? readId(input.link) : undefined
      if (link !== undefined) widgetEnds.add(link)
    }
  }
  return list(subgraph.inputs).flatMap(port => {
    const links = isObject(port) ? list(port.linkIds).map(readId) : []
    const name = isObject(port) ? readText(port.name) : undefined
    return name !== undefined && links.some(id => id && widgetEnds.has(id)) ? [name] : []
  })
}

function readInput(raw: Json, link: LinkId | undefined, wires: Wires): InputSlot {
  const json = isObject(raw) ? raw : {}
  const widget = isObject(json.widget) ? readText(json.widget.name) : undefined
  const slot: InputSlot = {
    name: readText(json.name) ?? '',
    type: readType(json.type),
    ...(typeof json.label === 'string' && { label: json.label }),
    ...(widget !== undefined && { widget }),
    ...(isNumber(json.shape) && toNumber(json.shape) === 7 && { optional: true }),
  }
  const rest = orUndefined(leftover(json, inputJson(slot, link, wires)))
  return rest ? { ...slot, rest } : slot
}

function readOutput(raw: Json, links: LinkId[], wires: Wires): OutputSlot {
  const json = isObject(raw) ? raw : {}
  const slot: OutputSlot = {
    name: readText(json.name) ?? '',
    type: readType(json.type),
    ...(typeof json.label === 'string' && { label: json.label }),
  }
  const rest = orUndefined(leftover(json, outputJson(slot, links, wires)))
  return rest ? { ...slot, rest } : slot
}
