import { toPrompt } from '../../../engine/graph/comfy-prompt.ts'
import { writeUi } from '../../../engine/graph/comfy-write.ts'
import { writeJson } from '../../../engine/graph/json.ts'
import { pointerOrMiddle } from '../editor/canvas-state.ts'
import { takeFiles } from '../editor/drop.ts'
import { useAccount } from '../stores/account.ts'
import { useCatalogue } from '../stores/catalogue.ts'
import { saveToAccount } from '../stores/save-to-account.ts'
import { activeTab, showTab, type Tab, useTabs } from '../stores/tabs.ts'
import { toast, toastError } from '../stores/toasts.ts'
import { showRoom } from '../stores/ui.ts'
import { closeTab, createWorkflow, removeWorkflow, saveWorkflow } from '../stores/workflows.ts'
import { downloadText, pickFiles } from '../ui/pick-files.ts'
import type { Command } from './command.ts'

const open = () => activeTab() !== undefined

const fileName = ({ name }: Tab, ending: string) =>
  `${name.replace(/[\\/:*?"<>|]+/g, ' ').trim() || 'workflow'}${ending}`

function exportUi() {
  const tab = activeTab()!
  try {
    const json = writeUi(tab.history.present, useCatalogue.getState().types)
    downloadText(fileName(tab, '.json'), writeJson(json, 2))
  } catch (error) {
    toastError(`Not written. ${error instanceof Error ? error.message : ''}`)
  }
}

function exportApi() {
  const tab = activeTab()!
  try {
    const { prompt, problems } = toPrompt(tab.history.present, useCatalogue.getState().types)
    downloadText(fileName(tab, ' (API).json'), writeJson(prompt, 2))
    if (problems[0]) toast(`Written, but: ${problems[0].message}`)
  } catch (error) {
    toastError(`Not written. ${error instanceof Error ? error.message : ''}`)
  }
}

const neighbour = (step: number) => () => {
  const { tabs, active } = useTabs.getState()
  if (tabs.length === 0) return
  const at = tabs.findIndex(({ id }) => id === active)
  showTab(tabs[(at + step + tabs.length) % tabs.length]!.id)
  showRoom('editor')
}

export const workflowCommands: Command[] = [
  {
    id: 'start-screen',
    label: 'Start something new',
    group: 'Workflow',
    keys: ['alt+n'],
    inText: true,
    perform: () => {
      showTab(undefined)
      showRoom('editor')
    },
  },
  {
    id: 'new-workflow',
    label: 'New empty workflow',
    group: 'Workflow',
    perform: () => createWorkflow('Untitled'),
  },
  {
    id: 'open-file',
    label: 'Open a workflow or picture',
    group: 'Workflow',
    keys: ['mod+o'],
    inText: true,
    perform: async () =>
      takeFiles(await pickFiles('.json,application/json,image/*', true), pointerOrMiddle()),
  },
  {
    id: 'save',
    label: 'Save',
    group: 'Workflow',
    keys: ['mod+s'],
    inText: true,
    when: open,
    perform: () => saveWorkflow(activeTab()!.id),
  },
  {
    id: 'save-to-account',
    label: 'Save to my account',
    group: 'Workflow',
    when: () => open() && useAccount.getState().account?.available === true,
    perform: () => saveToAccount(activeTab()!.id),
  },
  {
    id: 'copy-workflow',
    label: 'Make a copy of the workflow',
    group: 'Workflow',
    when: open,
    perform: () => {
      const { name, history } = activeTab()!
      return createWorkflow(`${name} copy`, history.present)
    },
  },
  {
    id: 'export-ui',
    label: 'Save as a ComfyUI workflow file',
    group: 'Workflow',
    keys: ['mod+shift+s'],
    inText: true,
    when: open,
    perform: exportUi,
  },
  {
    id: 'export-api',
    label: 'Save in ComfyUI’s API form',
    group: 'Workflow',
    when: open,
    perform: exportApi,
  },
  {
    id: 'close-tab',
    label: 'Close the tab',
    group: 'Workflow',
    keys: ['alt+w'],
    when: open,
    perform: () => closeTab(activeTab()!.id),
  },
  {
    id: 'remove-workflow',
    label: 'Remove this workflow',
    group: 'Workflow',
    when: open,
    perform: () => removeWorkflow(activeTab()!.id),
  },
  {
    id: 'next-tab',
    label: 'Next tab',
    group: 'Workflow',
    keys: ['alt+arrowright'],
    when: open,
    perform: neighbour(1),
  },
  {
    id: 'previous-tab',
    label: 'Previous tab',
    group: 'Workflow',
    keys: ['alt+arrowleft'],
    when: open,
    perform: neighbour(-1),
  },
]
