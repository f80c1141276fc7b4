// The links of a ComfyUI canvas. A link exists when an input names it, as in ComfyUI itself; others
// that a file lists are kept as they stand.
import { leftover, list, notesOf, readId, readType, withNotes } from './comfy-form.ts'
import { linkJson } from './comfy-parts.ts'
import {
  type Link,
  type LinkId,
  type NodeId,
  subgraphInputId,
  subgraphOutputId,
} from './document.ts'
import { isNumber, isObject, type Json, type JsonObject, sameJson, toNumber } from './json.ts'

interface RawLink {
  raw: Json
  id: LinkId
  from: NodeId
  fromSlot: number
  to: NodeId
  toSlot: number
  type: Json
}

function readLink(raw: Json): RawLink | undefined {
  const [id, from, fromSlot, to, toSlot, type] = Array.isArray(raw)
    ? raw
    : isObject(raw)
      ? [raw.id, raw.origin_id, raw.origin_slot, raw.target_id, raw.target_slot, raw.type]
      : []
  const ids = [readId(id), readId(from), readId(to)]
  if (ids.includes(undefined) || !isNumber(fromSlot) || !isNumber(toSlot)) return undefined
  return {
    raw,
    id: ids[0]!,
    from: ids[1]!,
    fromSlot: toNumber(fromSlot),
    to: ids[2]!,
    toSlot: toNumber(toSlot),
    type: type ?? null,
  }
}

/** The links that inputs name. `order` is the file's order, with the others in it as they stand. */
export function readLinks(
  graph: JsonObject,
  nodes: Map<NodeId, JsonObject>,
  asObjects: boolean,
): { links: Record<LinkId, Link>; order: Json[] } {
  const named = endsByLink(nodes)
  const outputs = list(graph.outputs).length
  const links: Record<LinkId, Link> = {}
  const order: Json[] = []
  for (const raw of list(graph.links)) {
    const link = readLink(raw)
    const end =
      link?.to === subgraphOutputId && link.toSlot < outputs
        ? { to: link.to, toSlot: link.toSlot }
        : link && named.get(link.id)
    const hasOrigin = link && (link.from === subgraphInputId || nodes.has(link.from))
    if (!link || !end || !hasOrigin || links[link.id]) order.push(raw)
    else {
      links[link.id] = asLink(link, end, asObjects)
      order.push(link.id)
    }
  }
  return { links, order }
}

type LinkEnd = Pick<Link, 'to' | 'toSlot'>

/** Which input names which link. */
function endsByLink(nodes: Map<NodeId, JsonObject>): Map<LinkId, LinkEnd> {
  const ends = new Map<LinkId, LinkEnd>()
  for (const [to, node] of nodes) {
    list(node.inputs).forEach((input, toSlot) => {
      const id = isObject(input) ? readId(input.link) : undefined
      if (id !== undefined && !ends.has(id)) ends.set(id, { to, toSlot })
    })
  }
  return ends
}

function asLink(read: RawLink, end: LinkEnd, asObjects: boolean): Link {
  const { id, from, fromSlot, raw } = read
  const link: Link = { id, from, fromSlot, ...end, type: readType(read.type) }
  if (sameJson(raw, linkJson(link, asObjects))) return link
  const otherForm = isObject(raw) !== asObjects ? true : undefined
  if (!isObject(raw)) return { ...link, rest: withNotes({ entry: raw }, { otherForm }) }
  const left = leftover(raw, linkJson(link, true) as JsonObject)
  return { ...link, rest: withNotes(left, { ...notesOf(left), otherForm }) }
}

/** Ids that slots name though there is no such link. */
export function danglingIds(
  graph: JsonObject,
  nodes: Map<NodeId, JsonObject>,
  links: Record<LinkId, Link>,
): Json[] | undefined {
  const ids = new Set<string>()
  const look = (value: Json | undefined): void => {
    const id = readId(value)
    if (id !== undefined && !links[id]) ids.add(id)
  }
  for (const node of nodes.values()) {
    for (const input of list(node.inputs)) if (isObject(input)) look(input.link)
    for (const output of list(node.outputs)) {
      if (isObject(output)) list(output.links).forEach(look)
    }
  }
  for (const port of [...list(graph.inputs), ...list(graph.outputs)]) {
    if (isObject(port)) list(port.linkIds).forEach(look)
  }
  return ids.size > 0 ? [...ids] : undefined
}
