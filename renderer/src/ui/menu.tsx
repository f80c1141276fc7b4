// Menus from data: the same items serve a button's menu and the context menu.
import { ContextMenu } from '@base-ui/react/context-menu'
import { Menu } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'
import { cx } from './class-names.ts'
import { Keys } from './keys.tsx'

export interface MenuSwatch {
  name: string
  shown: string
  chosen: boolean
  perform: () => void
}

export interface MenuAction {
  label: string
  keys?: string
  disabled?: boolean
  danger?: boolean
  testId?: string
  perform: () => void
}

export type MenuEntry = 'line' | { swatches: readonly MenuSwatch[]; label: string } | MenuAction

const popup =
  'min-w-48 max-h-[70vh] overflow-y-auto rounded-[8px] border border-line bg-card p-1 shadow-lift outline-none'

const Entries = ({ entries }: { entries: MenuEntry[] }) =>
  entries.map((entry, index) =>
    entry === 'line' ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
      <Menu.Separator key={index} className="mx-1 my-1 h-px bg-line" />
    ) : 'swatches' in entry ? (
      <Swatches key={entry.label} {...entry} />
    ) : (
      <Menu.Item
        key={entry.label}
        disabled={entry.disabled}
        onClick={entry.perform}
        data-testid={entry.testId}
        className={cx(
          'flex h-7 items-center gap-3 rounded-[5px] px-2 outline-none data-highlighted:bg-accent-soft data-disabled:opacity-45',
          entry.danger && 'text-bad',
        )}
      >
        <span className="truncate">{entry.label}</span>
        {entry.keys && <Keys keys={entry.keys} />}
      </Menu.Item>
    ),
  )

const Swatches = ({ swatches, label }: { swatches: readonly MenuSwatch[]; label: string }) => (
  <Menu.Group aria-label={label} className="flex items-center gap-1 px-2 py-1.5">
    {swatches.map(({ name, shown, chosen, perform }) => (
      <Menu.Item
        key={name}
        aria-label={`${label}: ${name}`}
        title={name}
        onClick={perform}
        className={cx(
          'size-[18px] rounded-full border border-line-strong outline-none data-highlighted:ring-2 data-highlighted:ring-accent',
          chosen && 'ring-2 ring-ink',
        )}
        style={{ background: shown }}
      />
    ))}
  </Menu.Group>
)

interface ButtonMenuProps {
  trigger: ReactElement<Record<string, unknown>>
  entries: MenuEntry[]
  side?: 'top' | 'bottom' | 'right'
}

export function ButtonMenu({ trigger, entries, side = 'bottom' }: ButtonMenuProps) {
  return (
    <Menu.Root>
      <Menu.Trigger render={trigger} />
      <Menu.Portal>
        <Menu.Positioner side={side} align="start" sideOffset={4} className="z-50">
          <Menu.Popup className={popup}>
            <Entries entries={entries} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

interface RightClickProps {
  entries: () => MenuEntry[]
  children: ReactNode
  className?: string
}

/** `entries` is asked when the menu opens, so that it speaks of what was clicked. */
export function RightClickMenu({ entries, children, className }: RightClickProps) {
  return (
    <ContextMenu.Root>
      <ContextMenu.Trigger className={className}>{children}</ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Positioner className="z-50">
          <ContextMenu.Popup className={popup}>
            <Late entries={entries} />
          </ContextMenu.Popup>
        </ContextMenu.Positioner>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  )
}

const Late = ({ entries }: { entries: () => MenuEntry[] }) => <Entries entries={entries()} />
