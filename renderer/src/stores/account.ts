// Who is signed in, as the host says it. All that can be done about it lives in rooms/account, which
// loads when somebody goes there.
import { create } from 'zustand'
import type { Account } from '../../../engine/api/contract-account.ts'
import { host, reason } from '../host/connection.ts'
import { toastError } from './toasts.ts'
import { showRoom } from './ui.ts'
import { openStored } from './workflows.ts'

export const useAccount = create<{ account?: Account }>(() => ({}))

export const takeAccount = (account: Account) => useAccount.setState({ account })

/** Signed in, and nobody has ended the session elsewhere. */
export const signedIn = () => useAccount.getState().account?.state === 'signedIn'

/** A `comfyrunner://` link was followed. */
export async function visit(shared: string | undefined) {
  if (shared) return openShared(shared)
  showRoom('account')
}

/** A copy of a workflow that somebody shared. */
export async function openShared(link: string): Promise<boolean> {
  try {
    const { workflow } = await host.account.workflows.openShared({ link })
    await openStored(workflow)
    return true
  } catch (error) {
    toastError(`The shared workflow did not open. ${reason(error)}`)
    return false
  }
}
