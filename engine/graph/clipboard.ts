// Copying nodes as text, within a document, between documents and between windows.
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
  type GraphNode,
  type Link,
  type NodeId,
  type Subgraph,
  subgraphOf,
} from './document.ts'
import { checkDocument, documentText } from './document-form.ts'
import { isObject, readJson } from './json.ts'

/** How far a copy lands from its original when no place is given. */
const pasteOffset = 40

/** The nodes, the links between them and the subgraphs they stand for, as a small document. */
export function copyNodes(document: Document, at: Canvas, ids: Iterable<NodeId>): string {
  const graph = graphAt(document, at)
  const nodes: Record<NodeId, GraphNode> = {}
  for (const id of ids) {
    const node = graph?.nodes[id]
    if (node) nodes[id] = detached(node)
  }
  const links = Object.values(graph?.links ?? {})
    .filter(link => nodes[link.from] && nodes[link.to])
    .map(({ rest: _, ...link }) => [link.id, link])
  const subgraphs = usedSubgraphs(document, Object.values(nodes))
  return documentText({ nodes, links: Object.fromEntries(links), groups: [], subgraphs })
}

/**
 * Adds copied nodes under new ids, with their inner links; their top left corner lands on `position`.
 * @throws EditError when the text is not what `copyNodes` made.
 */
export function pasteNodes(
  document: Document,
  at: Canvas,
  text: string,
  position?: { x: number; y: number },
): { document: Document; ids: NodeId[] } {
  const copied = readCopied(text)
  const shift = shiftOf(Object.values(copied.nodes), position)
  const nextNode = freshNodeIds(document)
  const nextLink = freshLinkIds(document)
  const ids = new Map(Object.keys(copied.nodes).map(id => [id, nextNode()]))
  const nodes: GraphNode[] = Object.values(copied.nodes).map(node => ({
    ...node,
    id: ids.get(node.id)!,
    x: node.x + shift.x,
    y: node.y + shift.y,
  }))
  const links: Link[] = Object.values(copied.links).flatMap(link => {
    const from = ids.get(link.from)
    const to = ids.get(link.to)
    return from && to ? [{ ...link, id: nextLink(), from, to }] : []
  })
  const pasted = editGraph(document, at, graph => ({
    nodes: { ...graph.nodes, ...byId(nodes) },
    links: { ...graph.links, ...byId(links) },
  }))
  const subgraphs = { ...copied.subgraphs, ...pasted.subgraphs }
  return { document: { ...pasted, subgraphs }, ids: [...ids.values()] }
}

export const duplicateNodes = (
  document: Document,
  at: Canvas,
  ids: Iterable<NodeId>,
): { document: Document; ids: NodeId[] } => pasteNodes(document, at, copyNodes(document, at, ids))

/** Whether a clipboard's text is something `pasteNodes` takes. */
export const isCopied = (text: string): boolean => text.startsWith('{"format":1,"nodes":')

function readCopied(text: string): Document {
  try {
    const copied = checkDocument(readJson(text))
    if (Object.keys(copied.nodes).length > 0) return copied
  } catch {
    // Whatever it is, it was not copied here.
  }
  throw new EditError('The clipboard holds no nodes.')
}

/** A node without what ties it to its place in a file: order, link ids, odd spellings of ids. */
function detached(node: GraphNode): GraphNode {
  return {
    ...node,
    inputs: node.inputs.map(slot => withoutRest(slot, 'link')),
    outputs: node.outputs.map(slot => withoutRest(slot, 'links')),
    ...(node.rest && { rest: omit(omit(node.rest, 'order'), 'id') }),
  }
}

function withoutRest<T extends { rest?: GraphNode['rest'] }>(slot: T, key: string): T {
  return isObject(slot.rest) && key in slot.rest ? { ...slot, rest: omit(slot.rest, key) } : slot
}

function omit<T extends object>(object: T, key: string): T {
  const { [key as keyof T]: _, ...others } = object
  return others as T
}

function shiftOf(nodes: GraphNode[], position?: { x: number; y: number }) {
  if (!position) return { x: pasteOffset, y: pasteOffset }
  return {
    x: position.x - Math.min(...nodes.map(node => node.x)),
    y: position.y - Math.min(...nodes.map(node => node.y)),
  }
}

/** The definitions these nodes need, and those that they need in turn. */
function usedSubgraphs(document: Document, nodes: GraphNode[]): Record<string, Subgraph> {
  const used: Record<string, Subgraph> = {}
  const waiting = [...nodes]
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const subgraph = subgraphOf(document, node.type)
    if (!subgraph || used[subgraph.id]) continue
    used[subgraph.id] = subgraph
    waiting.push(...Object.values(subgraph.nodes))
  }
  return used
}
