// The editor's operations: pure functions from document to document. Untouched nodes keep their
// identity, so a view compares by reference; an edit without effect answers the same document.
import {
  type Canvas,
  EditError,
  editGraph,
  editNodes,
  freshLinkIds,
  freshNodeIds,
  graphAt,
  inputEnd,
  outputType,
  withoutLinks,
} from './canvas.ts'
import { type Catalogue, typesMatch } from './catalogue.ts'
import type {
  Document,
  Graph,
  Group,
  LinkId,
  Mode,
  NodeId,
  SeedControl,
  Subgraph,
} from './document.ts'
import { type Json, sameJson } from './json.ts'
import { newNode } from './new-node.ts'

export { type Canvas, EditError, graphAt, rootCanvas } from './canvas.ts'
export { copyNodes, duplicateNodes, isCopied, pasteNodes } from './clipboard.ts'
export { advanceSeeds } from './seeds.ts'
export { syncWithCatalogue } from './sync.ts'

export interface Wire {
  from: NodeId
  fromSlot: number
  to: NodeId
  /** By name: positions differ between versions of a node. */
  input: string
}

// ---- nodes

/** `type` is a class type of the catalogue or a subgraph's id. */
export function addNode(
  document: Document,
  at: Canvas,
  node: { type: string; x: number; y: number; title?: string; values?: Record<string, Json> },
  catalogue: Catalogue,
): { document: Document; id: NodeId } {
  const id = freshNodeIds(document)()
  const fresh = newNode(node.type, id, node, document, catalogue)
  const added = {
    ...fresh,
    ...(node.title !== undefined && { title: node.title }),
    values: { ...fresh.values, ...node.values },
  }
  const edited = editGraph(document, at, graph => ({ nodes: { ...graph.nodes, [id]: added } }))
  return { document: edited, id }
}

/** Their links go with them; nothing is joined up in their place. */
export function removeNodes(document: Document, at: Canvas, ids: Iterable<NodeId>): Document {
  const gone = new Set(ids)
  return editGraph(document, at, graph => {
    const present = [...gone].filter(id => graph.nodes[id])
    if (present.length === 0) return {}
    const nodes = { ...graph.nodes }
    for (const id of present) delete nodes[id]
    const links = withoutLinks(graph.links, link => gone.has(link.from) || gone.has(link.to))
    return { nodes, links }
  })
}

// ---- links

/** Why this wire cannot be: undefined when it can. */
export function refusal(document: Document, at: Canvas, wire: Wire): string | undefined {
  const graph = graphAt(document, at)
  const type = graph && outputType(graph, wire.from, wire.fromSlot)
  const end = graph && inputEnd(graph, wire.to, wire.input)
  if (type === undefined) return 'There is no such output.'
  if (end === undefined) return `There is no input "${wire.input}".`
  if (!typesMatch(type, end.type)) return `${type} does not fit ${end.type}.`
  if (feeds(graph!, wire.to, wire.from)) return 'This wire would close a circle.'
  return undefined
}

/** Replaces a link that is already there. @throws EditError */
export function connect(document: Document, at: Canvas, wire: Wire): Document {
  const refused = refusal(document, at, wire)
  if (refused) throw new EditError(refused)
  const id = freshLinkIds(document)()
  return editGraph(document, at, graph => {
    const { from, fromSlot, to } = wire
    const { slot: toSlot } = inputEnd(graph, to, wire.input)!
    const type = outputType(graph, from, fromSlot)!
    const there = Object.values(graph.links).find(l => l.to === to && l.toSlot === toSlot)
    if (there?.from === from && there.fromSlot === fromSlot) return {}
    const links = withoutLinks(graph.links, link => link === there)
    return { links: { ...links, [id]: { id, from, fromSlot, to, toSlot, type } } }
  })
}

export function disconnect(document: Document, at: Canvas, ids: Iterable<LinkId>): Document {
  const gone = new Set(ids)
  return editGraph(document, at, graph => ({
    links: withoutLinks(graph.links, link => gone.has(link.id)),
  }))
}

/** Whether anything flows from one node to another (or both are the same). */
function feeds(graph: Graph | Subgraph, from: NodeId, to: NodeId): boolean {
  const next = new Map<NodeId, NodeId[]>()
  for (const link of Object.values(graph.links)) {
    const targets = next.get(link.from)
    if (targets) targets.push(link.to)
    else next.set(link.from, [link.to])
  }
  const seen = new Set([from])
  for (const id of seen) {
    if (id === to) return true
    for (const target of next.get(id) ?? []) seen.add(target)
  }
  return false
}

// ---- what a node holds

export function setValue(
  document: Document,
  at: Canvas,
  id: NodeId,
  name: string,
  value: Json,
): Document {
  return editNodes(document, at, [id], node =>
    Object.hasOwn(node.values, name) && sameJson(node.values[name], value)
      ? node
      : { ...node, values: { ...node.values, [name]: value } },
  )
}

export function setControl(
  document: Document,
  at: Canvas,
  id: NodeId,
  name: string,
  control: SeedControl,
): Document {
  return editNodes(document, at, [id], node =>
    node.controls?.[name] === control
      ? node
      : { ...node, controls: { ...node.controls, [name]: control } },
  )
}

// ---- looks

export function moveNodes(
  document: Document,
  at: Canvas,
  to: Record<NodeId, { x: number; y: number }>,
): Document {
  return editNodes(document, at, Object.keys(to), node => {
    const { x, y } = to[node.id]!
    return node.x === x && node.y === y ? node : { ...node, x, y }
  })
}

export function resizeNode(
  document: Document,
  at: Canvas,
  id: NodeId,
  { width, height }: { width: number; height: number },
): Document {
  return editNodes(document, at, [id], node =>
    node.width === width && node.height === height ? node : { ...node, width, height },
  )
}

/** An empty title gives the type's own title back. */
export function renameNode(document: Document, at: Canvas, id: NodeId, title: string): Document {
  const next = title.trim() === '' ? undefined : title
  return editNodes(document, at, [id], node => {
    if (node.title === next) return node
    const { title: _, ...untitled } = node
    return next === undefined ? untitled : { ...untitled, title: next }
  })
}

/** ComfyUI's second colour (`bgcolor`) goes with the first. */
export function setColor(
  document: Document,
  at: Canvas,
  ids: Iterable<NodeId>,
  color: string | undefined,
): Document {
  return editNodes(document, at, ids, node => {
    if (node.color === color) return node
    const { color: _, rest, ...plain } = node
    const { bgcolor: __, ...others } = rest ?? {}
    return { ...plain, ...(color !== undefined && { color }), ...(rest && { rest: others }) }
  })
}

export function setMode(
  document: Document,
  at: Canvas,
  ids: Iterable<NodeId>,
  mode: Mode,
): Document {
  return editNodes(document, at, ids, node => (node.mode === mode ? node : { ...node, mode }))
}

const flagSetter =
  (flag: 'collapsed' | 'pinned') =>
  (document: Document, at: Canvas, ids: Iterable<NodeId>, set: boolean): Document =>
    editNodes(document, at, ids, node => {
      if ((node[flag] ?? false) === set) return node
      const { [flag]: _, ...others } = node
      return set ? { ...others, [flag]: true } : others
    })

export const setCollapsed = flagSetter('collapsed')
export const setPinned = flagSetter('pinned')

// ---- groups

export function addGroup(document: Document, at: Canvas, group: Group): Document {
  return editGraph(document, at, graph => ({ groups: [...graph.groups, group] }))
}

export function changeGroup(
  document: Document,
  at: Canvas,
  index: number,
  change: Partial<Group>,
): Document {
  return editGraph(document, at, ({ groups }) => ({
    groups: groups.map((group, i) => (i === index ? { ...group, ...change } : group)),
  }))
}

/** The box alone: what stands in it stays. */
export function removeGroup(document: Document, at: Canvas, index: number): Document {
  return editGraph(document, at, ({ groups }) => ({
    groups: index in groups ? groups.toSpliced(index, 1) : groups,
  }))
}
