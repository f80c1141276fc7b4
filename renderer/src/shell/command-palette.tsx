// Every command by name; open workflows and templates too.
import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import { commands, isPossible } from '../commands/registry.ts'
import { useTabs } from '../stores/tabs.ts'
import { showCommandPalette, useUi } from '../stores/ui.ts'
import { openStored, openTemplate, useWorkflows } from '../stores/workflows.ts'
import { Keys } from '../ui/keys.tsx'
import { PickList } from '../ui/pick-list.tsx'

interface Entry {
  id: string
  label: string
  group: string
  keys?: string
  perform: () => unknown
}

function entries(): Entry[] {
  const { recent, templates } = useWorkflows.getState()
  const { active } = useTabs.getState()
  return [
    ...commands
      .filter(command => !command.hidden && isPossible(command))
      .map(({ id, label, group, keys, perform }) => ({
        id,
        label,
        group,
        keys: keys?.[0],
        perform,
      })),
    ...recent
      .filter(({ id }) => id !== active)
      .slice(0, 50)
      .map(({ id, name }) => ({
        id: `workflow ${id}`,
        label: name,
        group: 'Open',
        perform: () => openStored(id),
      })),
    ...templates.map(template => ({
      id: `template ${template.name}`,
      label: template.title,
      group: 'New from',
      perform: () => openTemplate(template),
    })),
  ]
}

export function CommandPalette() {
  const open = useUi(state => state.commandPalette)
  return (
    <Dialog.Root open={open} onOpenChange={showCommandPalette}>
      <Dialog.Portal>
        <Dialog.Popup
          aria-label="Commands"
          className="fixed top-[14vh] left-1/2 z-50 w-[min(560px,92vw)] -translate-x-1/2 overflow-hidden rounded-card border border-line bg-card shadow-lift outline-none"
        >
          {open && <Commands />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Commands() {
  const close = () => showCommandPalette(false)
  const [items] = useState(entries)
  return (
    <PickList
      items={items}
      texts={({ label, group }) => [label, group]}
      keyOf={({ id }) => id}
      placeholder="Find a command or workflow"
      nothing="No command by that name"
      maxHeight={380}
      onClose={close}
      onPick={entry => {
        close()
        void entry.perform()
      }}
      row={({ label, group, keys }) => (
        <span className="flex w-full min-w-0 items-center gap-2">
          <span className="w-20 shrink-0 text-xs text-faint">{group}</span>
          <span className="truncate">{label}</span>
          {keys && <Keys keys={keys} />}
        </span>
      )}
    />
  )
}
