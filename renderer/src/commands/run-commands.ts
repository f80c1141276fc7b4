import { host, reason } from '../host/connection.ts'
import { cancelRun, runActive } from '../stores/run-actions.ts'
import { useRuns } from '../stores/runs.ts'
import { activeTab } from '../stores/tabs.ts'
import { toastError } from '../stores/toasts.ts'
import { useUi } from '../stores/ui.ts'
import type { Command } from './command.ts'

const queue = () => useRuns.getState().queue
const inEditor = () => useUi.getState().room === 'editor' && activeTab() !== undefined

const tell = (what: string) => (error: unknown) => void toastError(`${what} ${reason(error)}`)

export const runCommands: Command[] = [
  {
    id: 'run',
    label: 'Run',
    group: 'Run',
    keys: ['mod+enter'],
    inText: true,
    when: inEditor,
    perform: () => runActive(),
  },
  {
    id: 'run-front',
    label: 'Run next, before the queue',
    group: 'Run',
    keys: ['mod+shift+enter'],
    inText: true,
    when: inEditor,
    perform: () => runActive({ front: true }),
  },
  {
    id: 'run-selected',
    label: 'Run only what the selected outputs need',
    group: 'Run',
    when: () => inEditor() && (activeTab()?.nodes.size ?? 0) > 0,
    perform: () => runActive({ targets: [...activeTab()!.nodes] }),
  },
  {
    id: 'cancel',
    label: 'Cancel the running one',
    group: 'Run',
    keys: ['mod+alt+enter'],
    inText: true,
    when: () => queue().running !== undefined,
    perform: () => {
      const { running } = queue()
      if (running) return cancelRun(running.id)
    },
  },
  {
    id: 'pause-queue',
    label: 'Pause or go on with the queue',
    group: 'Run',
    perform: () =>
      host.runs.pause({ paused: !queue().paused }).catch(tell('The queue did not change.')),
  },
  {
    id: 'clear-queue',
    label: 'Clear the queue',
    group: 'Run',
    when: () => queue().pending.length > 0,
    perform: () => host.runs.clear().catch(tell('The queue was not cleared.')),
  },
  {
    id: 'free-memory',
    label: 'Free the memory of loaded models',
    group: 'Run',
    perform: () => host.system.free().catch(tell('Nothing was freed.')),
  },
]
