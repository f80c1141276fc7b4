// The editor: tabs, the canvas or the start screen, prompt bar and inspector.
import { ReactFlowProvider } from '@xyflow/react'
import { Minimize2 } from 'lucide-react'
import { changeGroup, setColor } from '../../../engine/graph/edit.ts'
import { perform } from '../commands/registry.ts'
import { entry, TabsBar } from '../shell/tabs-bar.tsx'
import { StartScreen } from '../start/start-screen.tsx'
import { activeTab, edit, select, shownGraph, type Tab, useTabs } from '../stores/tabs.ts'
import { useUi } from '../stores/ui.ts'
import { IconButton } from '../ui/button.tsx'
import { type MenuEntry, RightClickMenu } from '../ui/menu.tsx'
import { Canvas } from './canvas.tsx'
import { useCanvas } from './canvas-state.ts'
import { Crumbs } from './crumbs.tsx'
import { DroppedBar } from './dropped-bar.tsx'
import { EmptyCanvas } from './empty-canvas.tsx'
import { Inspector } from './inspector.tsx'
import { groupColours, type NamedColour, nodeColours } from './node-colours.ts'
import { NodePalette } from './node-palette.tsx'
import { Problems } from './problems.tsx'
import { PromptBar } from './prompt-bar.tsx'

export function EditorRoom() {
  const tab = useTabs(activeTab)
  const { focus, inspector } = useUi()
  return (
    <>
      {!focus && <TabsBar />}
      <div className="flex min-h-0 flex-1">
        {tab ? (
          <>
            <Workspace tab={tab} />
            {inspector && !focus && <Inspector tab={tab} />}
          </>
        ) : (
          <>
            <StartScreen />
            <DroppedBar />
          </>
        )}
      </div>
    </>
  )
}

function Workspace({ tab }: { tab: Tab }) {
  const focus = useUi(state => state.focus)
  const empty = Object.keys(shownGraph(tab).nodes).length === 0
  return (
    <div className="flex min-w-0 flex-1 flex-col">
      <div className="relative min-h-0 flex-1">
        <RightClickMenu entries={canvasMenu} className="absolute inset-0">
          <div
            data-testid="canvas"
            tabIndex={-1}
            className="absolute inset-0 outline-none"
            onContextMenuCapture={selectUnderPointer}
          >
            <ReactFlowProvider key={`${tab.id} ${tab.at}`}>
              <Canvas tab={tab} />
            </ReactFlowProvider>
          </div>
        </RightClickMenu>
        {tab.trail.length > 0 && <Crumbs tab={tab} />}
        {empty && <EmptyCanvas />}
        {focus && (
          <IconButton
            label="Leave focus"
            keys="f"
            look="soft"
            side="left"
            className="absolute! top-3 right-3"
            onClick={() => perform('toggle-focus')}
          >
            <Minimize2 size={14} aria-hidden />
          </IconButton>
        )}
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex flex-col items-center gap-2 px-3">
          <DroppedBar />
          <Problems tab={tab} />
        </div>
      </div>
      <PromptBar tab={tab} />
      <NodePalette />
    </div>
  )
}

/** What is clicked with the right button becomes the selection, unless it is part of it. */
function selectUnderPointer(event: React.MouseEvent) {
  const target = event.target as Element
  const tab = activeTab()
  const node = target.closest('.react-flow__node')?.getAttribute('data-id')
  const link = target.closest('.react-flow__edge')?.getAttribute('data-id')
  const group = target.closest('[data-group]')?.getAttribute('data-group')
  useCanvas.setState({ group: group ? Number(group) : undefined })
  if (node && !tab?.nodes.has(node)) select([node])
  else if (link && !tab?.links.has(link)) select([], [link])
  else if (!node && !link) select([])
}

const alignments = ['align-left', 'align-top', 'spread-across', 'spread-down']

const danger = (id: string): MenuEntry => ({ ...entry(id), danger: true })

function canvasMenu(): MenuEntry[] {
  const tab = activeTab()
  const { group } = useCanvas.getState()
  if (tab?.nodes.size) return nodesMenu(tab)
  if (tab?.links.size) return [entry('disconnect')]
  const held = tab && group !== undefined ? shownGraph(tab).groups[group] : undefined
  if (held) {
    return [
      entry('select-group'),
      entry('fit-group'),
      colours(groupColours, held.color, colour =>
        edit('Change the colour', (document, at) =>
          changeGroup(document, at, group!, { color: colour }),
        ),
      ),
      'line',
      danger('remove-group'),
    ]
  }
  return [
    entry('add-node'),
    entry('group'),
    entry('paste'),
    entry('select-all'),
    'line',
    entry('arrange'),
    entry('fit'),
    'line',
    entry('run'),
    entry('save'),
  ]
}

function nodesMenu(tab: Tab): MenuEntry[] {
  const { nodes } = shownGraph(tab)
  const held = [...tab.nodes].map(id => nodes[id]?.color)
  return [
    entry('copy'),
    entry('cut'),
    entry('duplicate'),
    danger('delete'),
    'line',
    colours(nodeColours, held.every(colour => colour === held[0]) ? held[0] : null, colour =>
      edit('Change the colour', (document, at) => setColor(document, at, tab.nodes, colour)),
    ),
    entry('fold'),
    entry('bypass'),
    entry('mute'),
    entry('pin'),
    entry('disconnect'),
    'line',
    entry('group'),
    entry('make-subgraph'),
    ...[entry('unpack-subgraph')].filter(({ disabled }) => !disabled),
    'line',
    entry('run-selected'),
    entry('arrange'),
    ...(tab.nodes.size > 1 ? alignments.map(entry) : []),
  ]
}

/** `held` is null when the selected ones differ. */
const colours = (
  offered: readonly NamedColour[],
  held: string | null | undefined,
  choose: (colour: string | undefined) => void,
): MenuEntry => ({
  label: 'Colour',
  swatches: offered.map(({ name, value, shown }) => ({
    name,
    shown,
    chosen: held !== null && value?.toLowerCase() === held?.toLowerCase(),
    perform: () => choose(value),
  })),
})
