import { useReactFlow } from '@xyflow/react'
import { useRef } from 'react'
import { changeGroup, resizeNode } from '../../../engine/graph/edit.ts'
import { edit, sealEdit } from '../stores/tabs.ts'
import { titleHeight } from './card-layout.ts'
import type { CardData } from './flow-elements.ts'
import type { Area } from './group-box.ts'

type Size = Pick<Area, 'width' | 'height'>

interface ResizeCornerProps {
  /** As it is drawn, in canvas units. */
  size: Size
  least: Size
  onSize: (size: Size) => void
}

/** Drags the lower right corner; one undo step a drag. */
function ResizeCorner({ size: { width, height }, least, onSize }: ResizeCornerProps) {
  const { getZoom } = useReactFlow()
  const start = useRef<Area>(undefined)
  const end = () => {
    start.current = undefined
    sealEdit()
  }
  return (
    <div
      aria-hidden
      data-testid="resize-corner"
      className="nodrag nopan pointer-events-auto absolute right-0 bottom-0 z-3 size-3.5 cursor-nwse-resize"
      onPointerDown={event => {
        if (event.button !== 0) return
        event.stopPropagation()
        event.currentTarget.setPointerCapture(event.pointerId)
        start.current = { x: event.clientX, y: event.clientY, width, height }
      }}
      onPointerMove={event => {
        const from = start.current
        if (!from) return
        const zoom = getZoom()
        onSize({
          width: Math.max(Math.round(from.width + (event.clientX - from.x) / zoom), least.width),
          height: Math.max(Math.round(from.height + (event.clientY - from.y) / zoom), least.height),
        })
      }}
      onPointerUp={end}
      onPointerCancel={end}
    />
  )
}

/** The document knows a card's height without its title. */
const leastCard = { width: 60, height: titleHeight + 30 }

export const CardCorner = ({ data: { node, layout } }: { data: CardData }) => (
  <ResizeCorner
    size={layout}
    least={leastCard}
    onSize={({ width, height }) => {
      const size = { width, height: height - titleHeight }
      edit('Resize', (document, at) => resizeNode(document, at, node.id, size), `size:${node.id}`)
    }}
  />
)

const leastGroup = { width: 120, height: 60 }

/** The cards in the group stay as they are. */
export const GroupCorner = ({ group, index }: { group: Size; index: number }) => (
  <ResizeCorner
    size={group}
    least={leastGroup}
    onSize={size =>
      edit(
        'Resize a group',
        (document, at) => changeGroup(document, at, index, size),
        `group:${index}`,
      )
    }
  />
)
