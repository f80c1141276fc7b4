// Groups lie behind the cards. Dragging a group's title takes the cards inside along.
import { useStore, ViewportPortal } from '@xyflow/react'
import { useRef, useState } from 'react'
import type { Group } from '../../../engine/graph/document.ts'
import { changeGroup, moveNodes } from '../../../engine/graph/edit.ts'
import { activeTab, edit, shownGraph } from '../stores/tabs.ts'
import { canvasFlow, type Position2Map, useCanvas } from './canvas-state.ts'
import { riseOf } from './card-layout.ts'

const plain = '#7c7f88'

/** Cards whose middle lies in the group. */
function cardsInside(group: Group) {
  const flow = canvasFlow()
  return (flow?.getNodes() ?? []).filter(({ draggable, position, width = 0, height = 0 }) => {
    if (draggable === false) return false
    const x = position.x + width / 2
    const y = position.y + height / 2
    return x > group.x && x < group.x + group.width && y > group.y && y < group.y + group.height
  })
}

function GroupBox({ group, index }: { group: Group; index: number }) {
  const [shift, setShift] = useState({ x: 0, y: 0 })
  const [naming, setNaming] = useState(false)
  const zoom = useStore(state => state.transform[2])
  const drag = useRef<{ x: number; y: number; cards: Position2Map }>(undefined)
  const colour = group.color ?? plain

  const finish = () => {
    const cards = drag.current?.cards
    drag.current = undefined
    useCanvas.setState({ dragged: {} })
    setShift({ x: 0, y: 0 })
    if (!cards || (shift.x === 0 && shift.y === 0)) return
    edit('Move a group', (document, at) => {
      const { nodes } = shownGraph(activeTab()!)
      const to = Object.fromEntries(
        Object.keys(cards).map(id => [
          id,
          { x: nodes[id]!.x + shift.x, y: nodes[id]!.y + shift.y },
        ]),
      )
      const moved = moveNodes(document, at, to)
      return changeGroup(moved, at, index, { x: group.x + shift.x, y: group.y + shift.y })
    })
  }

  return (
    <section
      aria-label={`Group ${group.title}`}
      className="pointer-events-none absolute rounded-card border"
      style={{
        left: group.x + shift.x,
        top: group.y + shift.y,
        width: group.width,
        height: group.height,
        borderColor: `color-mix(in oklab, ${colour} 60%, transparent)`,
        background: `color-mix(in oklab, ${colour} 12%, transparent)`,
      }}
    >
      {naming ? (
        <input
          // biome-ignore lint/a11y/noAutofocus: its title was double-clicked
          autoFocus
          aria-label="Group title"
          defaultValue={group.title}
          className="nodrag nopan pointer-events-auto m-1 rounded bg-field px-2 font-medium"
          onKeyDown={event => {
            event.stopPropagation()
            if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
          }}
          onBlur={event => {
            setNaming(false)
            const title = event.target.value.trim()
            if (title && title !== group.title) {
              edit('Rename a group', (document, at) => changeGroup(document, at, index, { title }))
            }
          }}
        />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: a drag handle; groups are also moved by moving their cards
        <header
          className="nopan pointer-events-auto cursor-grab truncate px-3 py-1 text-[15px] font-medium"
          style={{ color: `color-mix(in oklab, ${colour} 45%, var(--ink))` }}
          onDoubleClick={event => {
            event.stopPropagation()
            setNaming(true)
          }}
          onPointerDown={event => {
            if (event.button !== 0) return
            event.stopPropagation()
            event.currentTarget.setPointerCapture(event.pointerId)
            const { nodes } = shownGraph(activeTab()!)
            const cards = Object.fromEntries(
              cardsInside(group).map(({ id }) => {
                const node = nodes[id]!
                return [id, { x: node.x, y: node.y - riseOf(node) }]
              }),
            )
            drag.current = { x: event.clientX, y: event.clientY, cards }
          }}
          onPointerMove={event => {
            const start = drag.current
            if (!start) return
            const next = {
              x: Math.round((event.clientX - start.x) / zoom),
              y: Math.round((event.clientY - start.y) / zoom),
            }
            setShift(next)
            useCanvas.setState({
              dragged: Object.fromEntries(
                Object.entries(start.cards).map(([id, { x, y }]) => [
                  id,
                  { x: x + next.x, y: y + next.y },
                ]),
              ),
            })
          }}
          onPointerUp={finish}
          onPointerCancel={finish}
        >
          {group.title}
        </header>
      )}
    </section>
  )
}

export const Groups = ({ groups }: { groups: Group[] }) => (
  <ViewportPortal>
    <div className="absolute" style={{ zIndex: -1 }}>
      {groups.map((group, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a group has no other name than its place
        <GroupBox key={index} group={group} index={index} />
      ))}
    </div>
  </ViewportPortal>
)
