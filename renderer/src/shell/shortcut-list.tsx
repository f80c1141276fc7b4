// Every shortcut, by group. Read off the commands, so that it cannot be out of date.
import { Dialog } from '@base-ui/react/dialog'
import type { Command } from '../commands/command.ts'
import { commands, isPossible } from '../commands/registry.ts'
import { useUi } from '../stores/ui.ts'
import { Keys } from '../ui/keys.tsx'

/** What the pointer does, and keys that belong to a field: no commands, but worth knowing. */
const gestures: readonly [string, string][] = [
  ['Select several', 'Shift + drag'],
  ['Add a node', 'Double-click'],
  ['Step a number by ten', 'Shift + ↑ ↓'],
  ['Weigh words of a prompt', 'Ctrl + ↑ ↓'],
  ['Offer what fits a link', 'Drop it on the canvas'],
  ['Increment or decrement a seed', 'Shift + click its lock'],
]

export function ShortcutList() {
  const open = useUi(state => state.shortcuts)
  return (
    <Dialog.Root open={open} onOpenChange={shortcuts => useUi.setState({ shortcuts })}>
      <Dialog.Portal>
        <Dialog.Popup className="fixed top-[8vh] left-1/2 z-50 flex max-h-[84vh] w-[min(860px,94vw)] -translate-x-1/2 flex-col overflow-hidden rounded-card border border-line bg-card shadow-lift outline-none">
          <Dialog.Title className="border-b border-line px-5 py-3 text-[15px] font-semibold">
            Keyboard shortcuts
          </Dialog.Title>
          <div className="columns-1 gap-8 overflow-y-auto p-5 min-[760px]:columns-2">
            {Object.entries(Object.groupBy(commands.filter(hasKeys), ({ group }) => group)).map(
              ([group, listed = []]) => (
                <Part key={group} title={group}>
                  {listed.map(({ id, label, keys }) => (
                    <Row key={id} label={label}>
                      <Keys keys={keys![0]!} />
                    </Row>
                  ))}
                </Part>
              ),
            )}
            <Part title="Pointer and fields">
              {gestures.map(([label, gesture]) => (
                <Row key={label} label={label}>
                  <span className="ml-auto shrink-0 text-faint">{gesture}</span>
                </Row>
              ))}
            </Part>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** A room that this app does not have, such as the account without a cloud, is not listed. */
const hasKeys = (command: Command) =>
  (command.keys?.length ?? 0) > 0 && (command.group !== 'Go to' || isPossible(command))

const Part = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <section className="mb-5 break-inside-avoid">
    <h3 className="mb-1 text-xs font-medium text-faint">{title}</h3>
    <ul>{children}</ul>
  </section>
)

const Row = ({ label, children }: { label: string; children: React.ReactNode }) => (
  <li className="flex h-7 items-center gap-4">
    <span className="truncate">{label}</span>
    {children}
  </li>
)
