// Tabs: workflow names, a dot for unsaved edits, a ring while one runs.
import { House, PanelRight, Plus, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { command, perform } from '../commands/registry.ts'
import { useAccount } from '../stores/account.ts'
import { useRuns } from '../stores/runs.ts'
import { moveTab, showTab, type Tab, useTabs } from '../stores/tabs.ts'
import { toggleFold, useUi } from '../stores/ui.ts'
import { closeTab, renameWorkflow } from '../stores/workflows.ts'
import { IconButton } from '../ui/button.tsx'
import { cx } from '../ui/class-names.ts'
import { ButtonMenu, type MenuAction } from '../ui/menu.tsx'
import { Ring } from '../ui/ring.tsx'

const tabType = 'application/x-comfyrunner-tab'

export function TabsBar() {
  const tabs = useTabs(state => state.tabs)
  const active = useTabs(state => state.active)
  const inspector = useUi(state => state.inspector)
  return (
    <div className="flex h-9 shrink-0 items-stretch border-b border-line bg-panel">
      <button
        type="button"
        aria-label="Start screen"
        title="Start screen"
        aria-current={active === undefined ? 'page' : undefined}
        className={cx(
          'grid w-9 shrink-0 place-items-center border-r border-line',
          active === undefined ? 'bg-canvas text-ink' : 'text-faint hover:text-ink',
        )}
        onClick={() => showTab(undefined)}
      >
        <House size={15} aria-hidden />
      </button>
      <div role="tablist" aria-label="Open workflows" className="flex min-w-0 overflow-x-auto">
        {tabs.map(tab => (
          <TabButton key={tab.id} tab={tab} active={tab.id === active} />
        ))}
      </div>
      <div className="flex items-center gap-0.5 px-1">
        <IconButton
          label="Start something new"
          keys="alt+n"
          side="bottom"
          onClick={() => perform('start-screen')}
        >
          <Plus size={15} aria-hidden />
        </IconButton>
      </div>
      <div className="flex-1" />
      {active !== undefined && (
        <div className="flex items-center gap-0.5 px-1">
          <WorkflowMenu />
          <IconButton
            label="Inspector"
            keys="i"
            side="bottom"
            aria-pressed={inspector}
            onClick={() => toggleFold('inspector')}
          >
            <PanelRight size={15} aria-hidden />
          </IconButton>
        </div>
      )}
    </div>
  )
}

export const entry = (id: string): MenuAction => {
  const { label, keys, when, perform } = command(id)
  return { label, keys: keys?.[0], disabled: when ? !when() : false, perform: () => void perform() }
}

function WorkflowMenu() {
  const accounts = useAccount(state => state.account?.available)
  return (
    <ButtonMenu
      trigger={
        <button
          type="button"
          className="flex h-7 items-center rounded-control px-2 text-soft hover:bg-field hover:text-ink"
        >
          Workflow
        </button>
      }
      entries={[
        entry('save'),
        ...(accounts ? [entry('save-to-account')] : []),
        entry('copy-workflow'),
        entry('export-ui'),
        entry('export-api'),
        entry('open-file'),
        'line',
        entry('arrange'),
        entry('fit'),
        'line',
        entry('close-tab'),
        { ...entry('remove-workflow'), danger: true },
      ]}
    />
  )
}

function TabButton({ tab, active }: { tab: Tab; active: boolean }) {
  const [naming, setNaming] = useState(false)
  const running = useRuns(({ queue }) => queue.running?.workflow === tab.id)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (active) box.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [active])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dragging only orders the tabs
    <div
      ref={box}
      className={cx(
        'group relative flex max-w-52 min-w-24 items-center border-r border-line',
        active ? 'bg-canvas text-ink' : 'text-soft hover:text-ink',
      )}
      draggable={!naming}
      onDragStart={event => event.dataTransfer.setData(tabType, tab.id)}
      onDragOver={event => event.dataTransfer.types.includes(tabType) && event.preventDefault()}
      onDrop={event => {
        const moved = event.dataTransfer.getData(tabType)
        if (moved) moveTab(moved, tab.id)
      }}
    >
      {naming ? (
        <input
          // biome-ignore lint/a11y/noAutofocus: the tab was double-clicked to be named
          autoFocus
          aria-label="Name of the workflow"
          defaultValue={tab.name}
          className="mx-2 w-full rounded bg-field px-1"
          onFocus={event => event.target.select()}
          onBlur={event => {
            setNaming(false)
            void renameWorkflow(tab.id, event.target.value.trim())
          }}
          onKeyDown={event => {
            if (event.key === 'Escape') event.currentTarget.value = tab.name
            if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
          }}
        />
      ) : (
        <button
          type="button"
          role="tab"
          aria-selected={active}
          title={`${tab.name}${tab.unsaved ? ' (edits since the last save; kept as a draft)' : ''}`}
          className="flex h-full min-w-0 flex-1 items-center gap-1.5 pl-3 outline-offset-[-3px]"
          onClick={() => showTab(tab.id)}
          onDoubleClick={() => setNaming(true)}
          onAuxClick={event => event.button === 1 && closeTab(tab.id)}
        >
          {running && <Ring size={12} />}
          <span className="truncate">{tab.name}</span>
          {tab.unsaved && (
            <span
              role="img"
              aria-label="unsaved edits"
              className="size-1.5 shrink-0 rounded-full bg-accent-text"
            />
          )}
        </button>
      )}
      <button
        type="button"
        aria-label={`Close ${tab.name}`}
        className={cx(
          'mx-1 grid size-5 shrink-0 place-items-center rounded text-faint hover:bg-field hover:text-ink',
          !active && 'opacity-0 group-hover:opacity-100 focus-visible:opacity-100',
        )}
        onClick={() => closeTab(tab.id)}
      >
        <X size={12} aria-hidden />
      </button>
    </div>
  )
}
