// The editor: tabs, the canvas or the start screen, prompt bar and inspector.
import { ReactFlowProvider } from '@xyflow/react'
import { ChevronRight, Minimize2 } from 'lucide-react'
import { rootCanvas } from '../../../engine/graph/edit.ts'
import { perform } from '../commands/registry.ts'
import { entry, TabsBar } from '../shell/tabs-bar.tsx'
import { StartScreen } from '../start/start-screen.tsx'
import { activeTab, enterCanvas, select, shownGraph, type Tab, useTabs } from '../stores/tabs.ts'
import { useUi } from '../stores/ui.ts'
import { IconButton } from '../ui/button.tsx'
import { type MenuEntry, RightClickMenu } from '../ui/menu.tsx'
import { Canvas } from './canvas.tsx'
import { DroppedBar } from './dropped-bar.tsx'
import { EmptyCanvas } from './empty-canvas.tsx'
import { Inspector } from './inspector.tsx'
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
        {tab.at !== rootCanvas && <Crumbs tab={tab} />}
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
  if (node && !tab?.nodes.has(node)) select([node])
  else if (link && !tab?.links.has(link)) select([], [link])
  else if (!node && !link) select([])
}

function canvasMenu(): MenuEntry[] {
  const tab = activeTab()
  if (tab?.nodes.size) {
    return [
      entry('copy'),
      entry('cut'),
      entry('paste'),
      entry('duplicate'),
      'line',
      entry('fold'),
      entry('bypass'),
      entry('mute'),
      entry('group'),
      entry('disconnect'),
      'line',
      entry('run-selected'),
      entry('arrange'),
      'line',
      { ...(entry('delete') as Exclude<MenuEntry, 'line'>), danger: true },
    ]
  }
  if (tab?.links.size) return [entry('disconnect')]
  return [
    entry('add-node'),
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

function Crumbs({ tab }: { tab: Tab }) {
  const name = tab.at && tab.history.present.subgraphs[tab.at]?.name
  return (
    <nav
      aria-label="Where you are"
      className="absolute top-3 left-3 flex h-8 items-center gap-1 rounded-card border border-line bg-card px-2 shadow-lift"
    >
      <button
        type="button"
        className="rounded px-1 text-soft hover:bg-field hover:text-ink"
        onClick={() => enterCanvas(rootCanvas)}
      >
        {tab.name}
      </button>
      <ChevronRight size={12} className="text-faint" aria-hidden />
      <span aria-current="page" className="px-1">
        {name}
      </span>
    </nav>
  )
}
