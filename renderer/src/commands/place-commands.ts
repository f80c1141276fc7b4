// Where cards stand: lined up, spread, pinned.
import { moveNodes, setPinned } from '../../../engine/graph/edit.ts'
import { type Alignment, align, type Box, type Corners, spread } from '../editor/align.ts'
import { canvasFlow } from '../editor/canvas-state.ts'
import { riseOf } from '../editor/card-layout.ts'
import { activeTab, edit, shownGraph } from '../stores/tabs.ts'
import { useUi } from '../stores/ui.ts'
import type { Command } from './command.ts'

const chosen = (): ReadonlySet<string> =>
  (useUi.getState().room === 'editor' && activeTab()?.nodes) || new Set<string>()

/** The selected cards as they are drawn. */
function boxes(): Box[] {
  const nodes = chosen()
  return (canvasFlow()?.getNodes() ?? [])
    .filter(({ id, draggable }) => nodes.has(id) && draggable !== false)
    .map(({ id, position, width = 0, height = 0 }) => ({ id, ...position, width, height }))
}

function place(label: string, corners: Corners) {
  const { nodes } = shownGraph(activeTab()!)
  const to = Object.fromEntries(
    Object.entries(corners).map(([id, { x, y }]) => [id, { x, y: y + riseOf(nodes[id]!) }]),
  )
  edit(label, (document, at) => moveNodes(document, at, to))
}

const alignment = (side: Alignment, label: string): Command => ({
  id: `align-${side}`,
  label,
  group: 'Edit',
  when: () => chosen().size > 1,
  perform: () => place(label, align(boxes(), side)),
})

const spreading = (direction: 'across' | 'down', label: string): Command => ({
  id: `spread-${direction}`,
  label,
  group: 'Edit',
  when: () => chosen().size > 2,
  perform: () => place(label, spread(boxes(), direction)),
})

export const placeCommands: Command[] = [
  alignment('left', 'Align left'),
  alignment('right', 'Align right'),
  alignment('top', 'Align at the top'),
  alignment('bottom', 'Align at the bottom'),
  spreading('across', 'Spread across'),
  spreading('down', 'Spread down'),
  {
    id: 'pin',
    label: 'Pin or unpin cards',
    group: 'Edit',
    keys: ['p'],
    when: () => chosen().size > 0,
    perform: () => {
      const { nodes } = shownGraph(activeTab()!)
      const ids = [...chosen()]
      const all = ids.every(id => nodes[id]?.pinned)
      edit(all ? 'Unpin' : 'Pin', (document, at) => setPinned(document, at, ids, !all))
    },
  },
]
