import type { Mode } from '../../../engine/graph/document.ts'
import { disconnect, duplicateNodes, setCollapsed, setMode } from '../../../engine/graph/edit.ts'
import { copyFromMenu, deleteSelected, pasteFromMenu } from '../editor/clipboard.ts'
import {
  activeTab,
  edit,
  leaveCanvas,
  redo,
  sealEdit,
  select,
  shownGraph,
  undo,
} from '../stores/tabs.ts'
import { useUi } from '../stores/ui.ts'
import type { Command } from './command.ts'

const open = () => useUi.getState().room === 'editor' && activeTab() !== undefined
const selected = () => (open() ? activeTab()!.nodes : new Set<string>())
const someNodes = () => selected().size > 0
const inSubgraph = () => activeTab()!.trail.length > 0

function toggleMode(mode: Mode, label: string) {
  const tab = activeTab()!
  const { nodes } = shownGraph(tab)
  const all = [...tab.nodes].every(id => nodes[id]?.mode === mode)
  edit(all ? 'Make it work again' : label, (document, at) =>
    setMode(document, at, tab.nodes, all ? 'always' : mode),
  )
}

function toggleFolded() {
  const tab = activeTab()!
  const { nodes } = shownGraph(tab)
  const all = [...tab.nodes].every(id => nodes[id]?.collapsed)
  edit(all ? 'Unfold' : 'Fold', (document, at) => setCollapsed(document, at, tab.nodes, !all))
}

function duplicate() {
  let made: string[] = []
  const { nodes } = activeTab()!
  const done = edit('Duplicate', (document, at) => {
    const copy = duplicateNodes(document, at, nodes)
    made = copy.ids
    return copy.document
  })
  if (done) select(made)
  sealEdit()
}

export const editCommands: Command[] = [
  {
    id: 'undo',
    label: 'Undo',
    group: 'Edit',
    keys: ['mod+z'],
    inText: true,
    when: () => open() && activeTab()!.history.past.length > 0,
    perform: undo,
  },
  {
    id: 'redo',
    label: 'Redo',
    group: 'Edit',
    keys: ['mod+shift+z', 'mod+y'],
    inText: true,
    when: () => open() && activeTab()!.history.future.length > 0,
    perform: redo,
  },
  {
    id: 'copy',
    label: 'Copy',
    group: 'Edit',
    keys: ['mod+c'],
    native: true,
    when: someNodes,
    perform: () => copyFromMenu(),
  },
  {
    id: 'cut',
    label: 'Cut',
    group: 'Edit',
    keys: ['mod+x'],
    native: true,
    when: someNodes,
    perform: () => copyFromMenu(true),
  },
  {
    id: 'paste',
    label: 'Paste',
    group: 'Edit',
    keys: ['mod+v'],
    native: true,
    when: open,
    perform: () => pasteFromMenu(),
  },
  {
    id: 'paste-with-links',
    label: 'Paste with the links that feed it',
    group: 'Edit',
    keys: ['mod+shift+v'],
    native: true,
    when: open,
    perform: () => pasteFromMenu(true),
  },
  {
    id: 'duplicate',
    label: 'Duplicate',
    group: 'Edit',
    keys: ['mod+d'],
    when: someNodes,
    perform: duplicate,
  },
  {
    id: 'delete',
    label: 'Delete',
    group: 'Edit',
    keys: ['delete', 'backspace'],
    when: () => someNodes() || (open() && activeTab()!.links.size > 0),
    perform: () => {
      const { links, nodes } = activeTab()!
      if (nodes.size) deleteSelected()
      else edit('Disconnect', (document, at) => disconnect(document, at, links))
    },
  },
  {
    id: 'select-all',
    label: 'Select all',
    group: 'Edit',
    keys: ['mod+a'],
    when: open,
    perform: () => select(Object.keys(shownGraph(activeTab()!).nodes)),
  },
  {
    id: 'select-none',
    label: 'Select nothing',
    group: 'Edit',
    keys: ['escape'],
    hidden: true,
    when: () => someNodes() || (open() && (activeTab()!.links.size > 0 || inSubgraph())),
    perform: () => {
      const { nodes, links } = activeTab()!
      // With nothing selected it leads out of a subgraph, as in ComfyUI.
      if (nodes.size + links.size > 0) select([])
      else leaveCanvas()
    },
  },
  {
    id: 'bypass',
    label: 'Bypass: let pass through',
    group: 'Edit',
    keys: ['mod+b'],
    when: someNodes,
    perform: () => toggleMode('bypass', 'Bypass'),
  },
  {
    id: 'mute',
    label: 'Mute: leave out',
    group: 'Edit',
    keys: ['mod+m'],
    when: someNodes,
    perform: () => toggleMode('mute', 'Mute'),
  },
  {
    id: 'fold',
    label: 'Fold or unfold cards',
    group: 'Edit',
    keys: ['alt+c'],
    when: someNodes,
    perform: toggleFolded,
  },
  {
    id: 'disconnect',
    label: 'Disconnect',
    group: 'Edit',
    keys: ['alt+d'],
    when: () => {
      const tab = open() ? activeTab() : undefined
      if (!tab) return false
      return (
        tab.links.size > 0 ||
        Object.values(shownGraph(tab).links).some(
          link => tab.nodes.has(link.from) || tab.nodes.has(link.to),
        )
      )
    },
    perform: () => {
      const tab = activeTab()!
      const around = Object.values(shownGraph(tab).links).filter(
        link => tab.nodes.has(link.from) || tab.nodes.has(link.to),
      )
      const ids = tab.links.size ? [...tab.links] : around.map(({ id }) => id)
      edit('Disconnect', (document, at) => disconnect(document, at, ids))
    },
  },
]
