// Auto layout: layers from left to right by what feeds what. Cards that stand alone go below.
import { graphlib, layout } from '@dagrejs/dagre'
import type { NodeId } from '../../../engine/graph/document.ts'

export interface Box {
  id: NodeId
  width: number
  height: number
}

const gapX = 72
const gapY = 32

/** Top left corners, none overlapping another; the leftmost and topmost at `origin`. */
export function arrange(
  boxes: readonly Box[],
  links: readonly { from: NodeId; to: NodeId }[],
  origin = { x: 0, y: 0 },
): Record<NodeId, { x: number; y: number }> {
  const graph = new graphlib.Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'LR', ranksep: gapX, nodesep: gapY })
  graph.setDefaultEdgeLabel(() => ({}))
  const ids = new Set(boxes.map(({ id }) => id))
  const inner = links.filter(({ from, to }) => ids.has(from) && ids.has(to) && from !== to)
  const linked = new Set(inner.flatMap(({ from, to }) => [from, to]))
  for (const { id, width, height } of boxes) {
    if (linked.has(id)) graph.setNode(id, { width, height })
  }
  inner.forEach(({ from, to }, index) => {
    graph.setEdge(from, to, {}, String(index))
  })
  if (linked.size) layout(graph)

  const corners: Record<NodeId, { x: number; y: number }> = {}
  let bottom = -gapY
  let left = Number.POSITIVE_INFINITY
  let top = Number.POSITIVE_INFINITY
  for (const { id, width, height } of boxes) {
    if (!linked.has(id)) continue
    const { x, y } = graph.node(id) as { x: number; y: number }
    corners[id] = { x: x - width / 2, y: y - height / 2 }
    left = Math.min(left, x - width / 2)
    top = Math.min(top, y - height / 2)
    bottom = Math.max(bottom, y + height / 2)
  }
  if (linked.size === 0) left = top = 0
  let x = left
  for (const { id, width } of boxes) {
    if (linked.has(id)) continue
    corners[id] = { x, y: bottom + gapY }
    x += width + gapX
  }
  for (const corner of Object.values(corners)) {
    corner.x = Math.round(corner.x - left + origin.x)
    corner.y = Math.round(corner.y - top + origin.y)
  }
  return corners
}
