// "Save to my account": the one act that sends a workflow away. When another device saved meanwhile
// the person chooses; nothing is written over by itself.
import { create } from 'zustand'
import type { Conflict } from '../../../engine/api/contract-account.ts'
import { host, reason } from '../host/connection.ts'
import { signedIn } from './account.ts'
import { flushDraft } from './autosave.ts'
import { findTab } from './tabs.ts'
import { toast, toastError } from './toasts.ts'
import { showRoom } from './ui.ts'

interface Pending {
  workflow: string
  name: string
  conflict: Conflict
}

/** The choice that is waiting, if one is. */
export const useConflict = create<{ pending?: Pending }>(() => ({}))

export const dropConflict = () => useConflict.setState({ pending: undefined })

export async function saveToAccount(
  workflow: string,
  onConflict: 'ask' | 'replace' | 'copy' = 'ask',
): Promise<void> {
  if (!signedIn()) {
    toast('Sign in first: workflows are saved to your account only when you ask for it.')
    showRoom('account')
    return
  }
  const name = findTab(workflow)?.name ?? 'The workflow'
  try {
    await flushDraft(workflow)
    const { conflict } = await host.account.workflows.save({ workflow, onConflict })
    useConflict.setState({ pending: conflict && { workflow, name, conflict } })
    if (conflict) return
    toast(`${name} is saved to your account`, {
      kind: 'good',
      action: { label: 'Show', perform: () => showRoom('account') },
    })
    void host.account.refresh().catch(() => {})
  } catch (error) {
    toastError(`Not saved to your account. ${reason(error)}`)
  }
}
