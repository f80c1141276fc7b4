// Groups lie behind the cards. Dragging a group's title takes the cards inside along.
import { useStore, ViewportPortal } from '@xyflow/react'
import { useRef, useState } from 'react'
import type { Group } from '../../../engine/graph/document.ts'
import { changeGroup, moveNodes } from '../../../engine/graph/edit.ts'
import { activeTab, edit, shownGraph } from '../stores/tabs.ts'
import { NameField } from '../ui/name-field.tsx'
import { type Position2Map, useCanvas } from './canvas-state.ts'
import { riseOf } from './card-layout.ts'
import { cardsInside } from './group-box.ts'
import { GroupCorner } from './resize-corner.tsx'

const plain = '#7c7f88'

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
      data-group={index}
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
        <NameField
          label="Group title"
          name={group.title}
          className="pointer-events-auto m-1 px-2 font-medium"
          onName={title =>
            edit('Rename a group', (document, at) => changeGroup(document, at, index, { title }))
          }
          onDone={() => setNaming(false)}
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
            useCanvas.setState({ group: index })
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
      <GroupCorner group={group} index={index} />
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
