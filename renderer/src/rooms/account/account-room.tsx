// The account: a way in, and for who is in, everything that the cloud holds and what it costs.
import { useEffect } from 'react'
import type { Account } from '../../../../engine/api/contract-account.ts'
import { host } from '../../host/connection.ts'
import { PageHeader } from '../../shell/page-header.tsx'
import { useAccount } from '../../stores/account.ts'
import { Button } from '../../ui/button.tsx'
import { formatTime } from '../../ui/format.ts'
import { formatDay } from './account-parts.tsx'
import { Devices } from './devices.tsx'
import { Invoices } from './invoices.tsx'
import { Person } from './person.tsx'
import { Plan } from './plan.tsx'
import { Rights } from './rights.tsx'
import { SignIn } from './sign-in.tsx'
import { StoredWorkflows } from './stored-workflows.tsx'

/** What others may have changed shows when the person comes back to the window. */
function useFresh() {
  useEffect(() => {
    const refresh = () => void host.account.refresh().catch(() => {})
    refresh()
    addEventListener('focus', refresh)
    return () => removeEventListener('focus', refresh)
  }, [])
}

export function AccountRoom() {
  const account = useAccount(state => state.account)
  useFresh()
  return (
    <>
      <PageHeader title="Account">{account?.details?.email}</PageHeader>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-[720px] flex-col gap-7 px-6 py-6">
          {account && <Room account={account} />}
        </div>
      </div>
    </>
  )
}

function Room({ account }: { account: Account }) {
  if (!account.available)
    return (
      <p className="text-soft">
        This ComfyRunner is not connected to an account cloud: there is no limit and nothing to sign
        in to.
      </p>
    )
  const { details } = account
  if (account.state === 'signedOut' || !details)
    return (
      <>
        {account.why && <Notice>{account.why}</Notice>}
        <SignIn account={account} />
      </>
    )
  return (
    <>
      <Trouble account={account} />
      <Plan details={details} />
      <StoredWorkflows details={details} />
      <Invoices details={details} />
      <Person details={details} />
      <Devices details={details} />
      <Rights details={details} />
    </>
  )
}

/** Offline, signed out from elsewhere, suspended, on its way out: said once, above everything. */
function Trouble({ account }: { account: Account }) {
  const { details } = account
  if (account.state === 'expired')
    return (
      <section data-testid="account-expired" className="flex flex-col gap-3">
        <Notice>
          {account.why ?? 'You were signed out.'} What is here stays; sign in to go on.
        </Notice>
        <SignIn account={account} />
      </section>
    )
  if (details?.suspended)
    return (
      <Notice>
        This account is suspended{details.suspended.reason && `: ${details.suspended.reason}`}.
        Write to support if you think that is wrong. Your workflows here are untouched.
      </Notice>
    )
  if (account.reachable && details?.deletion)
    return (
      <Notice>
        This account is erased on {formatDay(details.deletion.eraseAfterMs)}, with its plan and what
        is saved to it. To stay, choose “Keep the account” below.
      </Notice>
    )
  if (!account.reachable)
    return (
      <Notice>
        {account.why}{' '}
        {account.heardMs && `What you see is from ${formatTime(account.heardMs).toLowerCase()}.`}
        <Button className="ml-2 h-6!" onClick={() => void host.account.refresh().catch(() => {})}>
          Try again
        </Button>
      </Notice>
    )
  return null
}

const Notice = ({ children }: { children: React.ReactNode }) => (
  <p
    role="status"
    data-testid="account-notice"
    className="selectable rounded-card border border-warn/50 bg-warn-soft px-3 py-2.5"
  >
    {children}
  </p>
)
