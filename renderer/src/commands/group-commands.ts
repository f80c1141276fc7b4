// Groups: a box around the selected cards, or an empty one at the pointer.
import { addGroup, changeGroup, removeGroup } from '../../../engine/graph/edit.ts'
import { canvasFlow, pointerOrMiddle, toCanvas, useCanvas } from '../editor/canvas-state.ts'
import { boxAround, cardsInside } from '../editor/group-box.ts'
import { activeTab, edit, select, shownGraph } from '../stores/tabs.ts'
import { useUi } from '../stores/ui.ts'
import type { Command } from './command.ts'

const open = () => useUi.getState().room === 'editor' && activeTab() !== undefined

/** The group that was clicked last, while it is there. */
const pointed = () => {
  const { group } = useCanvas.getState()
  const tab = open() && group !== undefined ? activeTab() : undefined
  const found = tab && shownGraph(tab).groups[group!]
  return found && { group: found, index: group! }
}

function make() {
  const { nodes } = activeTab()!
  const cards = (canvasFlow()?.getNodes() ?? []).filter(({ id }) => nodes.has(id))
  const box = boxAround(cards) ?? { ...toCanvas(pointerOrMiddle()), width: 480, height: 320 }
  edit('Group', (document, at) => addGroup(document, at, { title: 'Group', ...box }))
}

export const groupCommands: Command[] = [
  {
    id: 'group',
    label: 'Group',
    group: 'Edit',
    keys: ['mod+g'],
    when: open,
    perform: make,
  },
  {
    id: 'fit-group',
    label: 'Fit the group to its cards',
    group: 'Edit',
    when: () => {
      const found = pointed()
      return found !== undefined && cardsInside(found.group).length > 0
    },
    perform: () => {
      const { group, index } = pointed()!
      const box = boxAround(cardsInside(group))
      if (box) edit('Fit a group', (document, at) => changeGroup(document, at, index, box))
    },
  },
  {
    id: 'select-group',
    label: 'Select the cards of the group',
    group: 'Edit',
    when: () => pointed() !== undefined,
    perform: () => select(cardsInside(pointed()!.group).map(({ id }) => id)),
  },
  {
    id: 'remove-group',
    label: 'Remove the group, keep its cards',
    group: 'Edit',
    when: () => pointed() !== undefined,
    perform: () => {
      const { index } = pointed()!
      useCanvas.setState({ group: undefined })
      edit('Remove a group', (document, at) => removeGroup(document, at, index))
    },
  },
]
