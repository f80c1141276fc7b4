import { moveNodes, rootCanvas } from '../../../engine/graph/edit.ts'
import { canvasFlow, openPalette } from '../editor/canvas-state.ts'
import { riseOf } from '../editor/card-layout.ts'
import { arrange } from '../editor/layout.ts'
import { activeTab, edit, leaveCanvas, shownGraph } from '../stores/tabs.ts'
import { useUi } from '../stores/ui.ts'
import type { Command } from './command.ts'

const open = () => useUi.getState().room === 'editor' && activeTab() !== undefined
const duration = () => (matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 150)

/** Arranges the selected cards, or all of them when fewer than two are selected. */
function arrangeCards() {
  const tab = activeTab()!
  const graph = shownGraph(tab)
  const all = (canvasFlow()?.getNodes() ?? []).filter(
    ({ id, draggable }) => id in graph.nodes && draggable !== false,
  )
  const chosen = tab.nodes.size > 1 ? all.filter(({ id }) => tab.nodes.has(id)) : all
  if (chosen.length === 0) return
  const origin = {
    x: Math.min(...chosen.map(({ position }) => position.x)),
    y: Math.min(...chosen.map(({ position }) => position.y)),
  }
  const corners = arrange(
    chosen.map(({ id, width = 0, height = 0 }) => ({ id, width, height })),
    Object.values(graph.links),
    origin,
  )
  const to = Object.fromEntries(
    Object.entries(corners).map(([id, { x, y }]) => [id, { x, y: y + riseOf(graph.nodes[id]!) }]),
  )
  edit('Arrange', (document, at) => moveNodes(document, at, to))
  if (chosen === all) requestAnimationFrame(fitAll)
}

const fitAll = () => void canvasFlow()?.fitView({ padding: 0.07, maxZoom: 1, duration: duration() })

function fitSelected() {
  const nodes = [...(activeTab()?.nodes ?? [])].map(id => ({ id }))
  void canvasFlow()?.fitView({ nodes, padding: 0.3, maxZoom: 1.2, duration: duration() })
}

export const canvasCommands: Command[] = [
  {
    id: 'add-node',
    label: 'Add a node',
    group: 'Canvas',
    keys: ['tab'],
    when: open,
    perform: () => openPalette(),
  },
  {
    id: 'arrange',
    label: 'Arrange the cards',
    group: 'Canvas',
    keys: ['alt+l'],
    when: () => open() && Object.keys(shownGraph(activeTab()!).nodes).length > 0,
    perform: arrangeCards,
  },
  {
    id: 'fit',
    label: 'See all of it',
    group: 'Canvas',
    keys: ['1', '.'],
    when: open,
    perform: fitAll,
  },
  {
    id: 'fit-selected',
    label: 'See what is selected',
    group: 'Canvas',
    keys: ['2'],
    when: () => open() && activeTab()!.nodes.size > 0,
    perform: fitSelected,
  },
  {
    id: 'zoom-in',
    label: 'Nearer',
    group: 'Canvas',
    keys: ['=', 'mod+='],
    when: open,
    perform: () => canvasFlow()?.zoomIn({ duration: duration() }),
  },
  {
    id: 'zoom-out',
    label: 'Farther',
    group: 'Canvas',
    keys: ['-', 'mod+-'],
    when: open,
    perform: () => canvasFlow()?.zoomOut({ duration: duration() }),
  },
  {
    id: 'zoom-actual',
    label: 'Actual size',
    group: 'Canvas',
    keys: ['0', 'mod+0'],
    when: open,
    perform: () => canvasFlow()?.zoomTo(1, { duration: duration() }),
  },
  {
    id: 'leave-subgraph',
    label: 'Leave the subgraph',
    group: 'Canvas',
    keys: ['alt+arrowup'],
    when: () => open() && activeTab()!.at !== rootCanvas,
    perform: leaveCanvas,
  },
]
