// Nodes, slots, links and groups as ComfyUI's files hold them. The writer uses these, and the reader
// to find out what a file says beyond them. See comfy-form.ts.
import { type Catalogue, descriptionOf } from './catalogue.ts'
import {
  list,
  modeNumbers,
  notesOf,
  readId,
  readMode,
  readPair,
  readType,
  restore,
  writeId,
} from './comfy-form.ts'
import { controlWidget, layoutFor, placeholder, readControl } from './comfy-widgets.ts'
import type { Wires } from './comfy-wires.ts'
import type {
  GraphNode,
  Group,
  InputSlot,
  Link,
  LinkId,
  OutputSlot,
  SubgraphPort,
} from './document.ts'
import { isObject, type Json, type JsonObject, sameJson } from './json.ts'

// ---- nodes

export function nodeJson(node: GraphNode, wires: Wires, catalogue: Catalogue): JsonObject {
  const layout = layoutFor(node, catalogue)
  const widgets = widgetsJson(node, layout)
  const ours: JsonObject = {
    id: writeId(node.id),
    type: node.type,
    pos: [node.x, node.y],
    size: [node.width, node.height],
    flags: flagsJson({}, node),
    mode: modeNumbers[node.mode],
    inputs: node.inputs.map((slot, index) => inputJson(slot, wires.into(node.id, index), wires)),
    outputs: node.outputs.map((slot, index) =>
      outputJson(slot, wires.outOf(node.id, index), wires),
    ),
    ...(node.title !== undefined && { title: node.title }),
    ...(node.color !== undefined && { color: node.color }),
    ...(widgets !== undefined && { widgets_values: widgets }),
    ...(node.rest === undefined && ownFields(node, layout, catalogue)),
  }
  const json = restore(ours, node.rest, (key, spelled, value) => {
    switch (key) {
      case 'pos':
      case 'size':
        return sameJson(readPair(spelled, [Number.NaN, 0]), value) ? spelled : value
      case 'mode':
        return readMode(spelled) === node.mode ? spelled : value
      case 'flags':
        return flagsJson(spelled, node)
      case 'widgets_values':
        return inFileWords(spelled, value, layout)
      case 'id':
        return readId(spelled) === node.id ? spelled : value
      default:
        return value
    }
  })
  if (isObject(json.widgets_values_named)) {
    json.widgets_values_named = namedJson(json.widgets_values_named, node)
  }
  return json
}

/** What a node that was not read from a file needs besides. Positions name values of known types only. */
function ownFields(node: GraphNode, layout: string[], catalogue: Catalogue): JsonObject {
  const properties = { 'Node name for S&R': node.type }
  if (descriptionOf(catalogue, node.type) || layout.length === 0) return { properties }
  const named = layout.map((name, index) => [name, widgetValue(node, layout, index)])
  return { properties, widgets_values_named: Object.fromEntries(named) }
}

/** As the file has them, but for what was changed. */
function flagsJson(spelled: Json, node: GraphNode): Json {
  return (['collapsed', 'pinned'] as const).reduce<Json>((flags, name) => {
    const set = node[name] ?? false
    if (!isObject(flags)) return set ? { [name]: true } : flags
    if ((flags[name] === true) === set) return flags
    const { [name]: _, ...others } = flags
    return set ? { ...others, [name]: true } : others
  }, spelled)
}

function widgetsJson(node: GraphNode, layout: string[]): Json | undefined {
  if (notesOf(node.rest).byName === true) return { ...node.values }
  if (layout.length === 0) return undefined
  return layout.map((_, index) => widgetValue(node, layout, index))
}

function widgetValue(node: GraphNode, layout: string[], index: number): Json {
  const name = layout[index]!
  if (name === controlWidget) return node.controls?.[layout[index - 1]!] ?? 'fixed'
  return Object.hasOwn(node.values, name) ? node.values[name]! : placeholder(name)
}

/** A control in the file's own words (`true`) where it still means the same. */
function inFileWords(spelled: Json, ours: Json, layout: string[]): Json {
  if (!Array.isArray(spelled) || !Array.isArray(ours) || spelled.length > ours.length) return ours
  return ours.map((value, index) => {
    if (layout[index] !== controlWidget || index >= spelled.length) return value
    const control = readControl(spelled[index])
    return control === undefined || control === value ? spelled[index]! : value
  })
}

/**
 * ComfyUI's newer by-name copy of the values follows ours. Where the file's two copies disagreed,
 * the copy stays until the value changes.
 */
export function namedJson(named: JsonObject, node: GraphNode): JsonObject {
  const apart = notesOf(node.rest).apart
  let before = ''
  const json: JsonObject = {}
  for (const [name, value] of Object.entries(named)) {
    const current = name === controlWidget ? node.controls?.[before] : node.values[name]
    const asRead = isObject(apart) && name in apart && sameJson(apart[name], current)
    json[name] = asRead || current === undefined ? value : current
    before = name
  }
  return json
}

export function inputJson(slot: InputSlot, link: LinkId | undefined, wires: Wires): JsonObject {
  const ours: JsonObject = {
    name: slot.name,
    type: slot.type,
    link: link === undefined ? null : writeId(link),
    ...(slot.label !== undefined && { label: slot.label }),
    ...(slot.widget !== undefined && { widget: { name: slot.widget } }),
    ...(slot.optional && { shape: 7 }),
  }
  return restore(ours, slot.rest, (key, spelled, value) => {
    if (key === 'link') {
      const id = readId(spelled)
      return link === undefined && (id === undefined || !wires.live(id)) ? spelled : value
    }
    if (key === 'widget') return isObject(spelled) ? { ...spelled, name: slot.widget! } : value
    return key === 'type' && readType(spelled) === slot.type ? spelled : value
  })
}

export function outputJson(slot: OutputSlot, links: LinkId[], wires: Wires): JsonObject {
  const ours: JsonObject = {
    name: slot.name,
    type: slot.type,
    links: links.map(writeId),
    ...(slot.label !== undefined && { label: slot.label }),
  }
  return restore(ours, slot.rest, (key, spelled, value) => {
    if (key === 'links') return linksInFileOrder(spelled, links, wires)
    return key === 'type' && readType(spelled) === slot.type ? spelled : value
  })
}

export function portJson(port: SubgraphPort, links: LinkId[], wires: Wires): JsonObject {
  const ours: JsonObject = {
    id: port.id,
    name: port.name,
    type: port.type,
    linkIds: links.map(writeId),
    ...(port.label !== undefined && { label: port.label }),
  }
  return restore(ours, port.rest, (key, spelled, value) => {
    if (key === 'linkIds') return linksInFileOrder(spelled, links, wires)
    return key === 'type' && readType(spelled) === port.type ? spelled : value
  })
}

/** The file's list of link ids while it names the same links; links that are gone leave it. */
function linksInFileOrder(spelled: Json, links: LinkId[], wires: Wires): Json {
  const present = new Set(links)
  if (!Array.isArray(spelled)) return links.length > 0 ? links.map(writeId) : spelled
  const kept = spelled.filter(id => {
    const link = readId(id) ?? ''
    return present.has(link) || (wires.known(link) && !wires.live(link))
  })
  const named = new Set(kept.map(readId))
  return [...kept, ...links.filter(id => !named.has(id)).map(writeId)]
}

export function linkJson(link: Link, asObject: boolean): Json {
  const { rest } = link
  const ends = [link.from, link.fromSlot, link.to, link.toSlot] as const
  if (asObject !== (notesOf(rest).otherForm === true)) {
    const ours: JsonObject = {
      id: writeId(link.id),
      origin_id: writeId(ends[0]),
      origin_slot: ends[1],
      target_id: writeId(ends[2]),
      target_slot: ends[3],
      type: link.type,
    }
    return restore(ours, rest, (_key, spelled) => spelled)
  }
  const entry: Json[] = [writeId(link.id), writeId(ends[0]), ends[1], writeId(ends[2]), ends[3]]
  return list(rest?.entry).length > 0 ? list(rest?.entry) : [...entry, link.type]
}

export function groupJson(group: Group): JsonObject {
  const ours: JsonObject = {
    title: group.title,
    bounding: [group.x, group.y, group.width, group.height],
    ...(group.color !== undefined && { color: group.color }),
  }
  return restore(ours, group.rest, (key, spelled, value) =>
    key === 'bounding' && sameJson(readBox(spelled), value) ? spelled : value,
  )
}

export function readBox(value: Json | undefined): [number, number, number, number] {
  const items = list(value)
  return [...readPair(items.slice(0, 2), [0, 0]), ...readPair(items.slice(2, 4), [140, 80])]
}
