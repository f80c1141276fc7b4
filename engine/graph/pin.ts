// A pinned node stays where it is. ComfyUI keeps it among a node's flags, and so do we.
import { type Canvas, editNodes } from './canvas.ts'
import type { Document, GraphNode, NodeId } from './document.ts'
import { isObject } from './json.ts'

export const isPinned = (node: GraphNode): boolean =>
  isObject(node.rest?.flags) && node.rest.flags.pinned === true

export function setPinned(
  document: Document,
  at: Canvas,
  ids: Iterable<NodeId>,
  pinned: boolean,
): Document {
  return editNodes(document, at, ids, node => {
    if (isPinned(node) === pinned) return node
    const { pinned: _, ...flags } = isObject(node.rest?.flags) ? node.rest.flags : {}
    return { ...node, rest: { ...node.rest, flags: pinned ? { ...flags, pinned } : flags } }
  })
}
