import { useReactFlow } from '@xyflow/react'
import { useRef } from 'react'
import { resizeNode } from '../../../../engine/graph/edit.ts'
import { edit, sealEdit } from '../../stores/tabs.ts'
import { titleHeight } from '../card-layout.ts'
import type { CardData } from '../flow-elements.ts'

const leastHeight = 30

/** Drags a card's size; one undo step a drag. */
export function ResizeCorner({ data: { node, layout } }: { data: CardData }) {
  const { getZoom } = useReactFlow()
  const start = useRef<{ x: number; y: number; width: number; height: number }>(undefined)
  const end = () => {
    start.current = undefined
    sealEdit()
  }
  return (
    <div
      aria-hidden
      className="nodrag absolute right-0 bottom-0 z-3 size-3.5 cursor-nwse-resize"
      onPointerDown={event => {
        if (event.button !== 0) return
        event.stopPropagation()
        event.currentTarget.setPointerCapture(event.pointerId)
        const { width, height } = layout
        start.current = { x: event.clientX, y: event.clientY, width, height }
      }}
      onPointerMove={event => {
        const from = start.current
        if (!from) return
        const zoom = getZoom()
        const width = Math.round(from.width + (event.clientX - from.x) / zoom)
        const height = Math.round(from.height + (event.clientY - from.y) / zoom) - titleHeight
        const size = { width: Math.max(width, 60), height: Math.max(height, leastHeight) }
        edit('Resize', (document, at) => resizeNode(document, at, node.id, size), `size:${node.id}`)
      }}
      onPointerUp={end}
      onPointerCancel={end}
    />
  )
}
