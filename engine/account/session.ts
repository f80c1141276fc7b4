// Who is signed in on this device and what the cloud last said of them: kept on the disk, so it is known
// without asking. Every question to the cloud is asked through `callCloud`, which notes what came of it.
import type { AccountDetails } from '../api/contract-account.ts'
import type { Store } from '../store/store.ts'
import { AccountError, noAnswerCodes, sessionEndedCodes } from './account-error.ts'
import type { Cloud } from './cloud.ts'
import { type CloudUsage, readDetails } from './details.ts'

/** What says that nobody is signed in any more. */
const signedOutCodes = new Set([...sessionEndedCodes, 'unauthorized'])

/** Who is signed in on this device: known without asking, and kept when the session ends. */
export interface KnownUser {
  id: string
  email: string
}

/** What the cloud last said. */
export interface LastDetails {
  details: AccountDetails
  /** How many runs this device may hold in advance. */
  leaseUnits: number
  heardMs: number
}

export interface Session {
  user(): KnownUser | undefined
  /** @throws AccountError when nobody is signed in */
  userId(): string
  lastDetails(): LastDetails | undefined
  /** The cloud still takes the session; a user without it has to sign in again. */
  readonly alive: boolean
  /** Why the cloud could not be asked, or why nobody is signed in any more. */
  readonly trouble: string | undefined
  readonly closed: boolean
  /** Something to show changed; of no interest any more once it is closed. */
  notify(): void
  /** Notes whether the cloud could be asked, and whether the session still stands. @throws AccountError */
  callCloud<T>(work: () => Promise<T>): Promise<T>
  /** Asks for everything about the account. @throws AccountError */
  fetchDetails(): Promise<void>
  updateUsage(usage: CloudUsage): void
  /** Whether nobody has signed out since this was called. */
  watchGeneration(): () => boolean
  begin(user: KnownUser): void
  /** It is over, and the user still known. */
  expire(): void
  /** Nobody is signed in here any more, whatever is still under way. */
  clearLocalSession(): void
  close(): void
}

export interface SessionOptions {
  cloud: Cloud
  store: Store
  device: { id: string }
  /** Something to show changed. */
  changed(): void
  /** Nobody is signed in any more. */
  onCleared(): void
}

export function openSession(options: SessionOptions): Session {
  const { cloud, store, device } = options
  const { settings } = store
  let alive = cloud.hasSession()
  let trouble: string | undefined
  let closed = false
  /** Counts sign-outs: what was asked before one is not heard after it. */
  let generation = 0

  // An answer may come when the app is closing, and the database with it.
  const user = () => (!closed && settings.account<KnownUser>('user')) || undefined
  const lastDetails = () => (!closed && settings.account<LastDetails>('heard')) || undefined
  const notify = () => {
    if (!closed) options.changed()
  }
  const watchGeneration = () => {
    const before = generation
    return () => before === generation
  }

  function clearLocalSession(): void {
    generation++
    cloud.forgetSession()
    options.onCleared()
    for (const key of ['user', 'heard', 'device']) settings.setAccount(key, null)
    alive = false
    trouble = undefined
    notify()
  }

  /** The account is gone for good: what was kept for it here goes too. */
  function erase(user: string): void {
    store.usage.forgetUser(user)
    store.storedWorkflows.forgetUser(user)
    clearLocalSession()
    trouble = 'This account no longer exists. Your workflows and pictures here are untouched.'
    notify()
  }

  async function callCloud<T>(work: () => Promise<T>): Promise<T> {
    const isCurrent = watchGeneration()
    try {
      cloud.requireOnline()
      const answer = await work()
      if (isCurrent()) trouble = undefined
      return answer
    } catch (error) {
      if (!(error instanceof AccountError)) {
        // A mistake of ours; who asks in the background does not hear of it.
        if (!closed) console.error(error)
        throw error
      }
      if (isCurrent()) recordError(error)
      throw error
    }
  }

  function recordError({ code, message }: AccountError): void {
    if (noAnswerCodes.has(code)) trouble = message
    const { id } = user() ?? {}
    if (code === 'user_not_found' && id) erase(id)
    else if (signedOutCodes.has(code)) {
      alive = false
      trouble = message
    }
    notify()
  }

  return {
    user,
    userId() {
      const { id } = user() ?? {}
      if (!id) throw new AccountError('session_not_found', 'Sign in first.')
      return id
    },
    lastDetails,
    get alive() {
      return alive
    },
    get trouble() {
      return trouble
    },
    get closed() {
      return closed
    },
    notify,
    callCloud,
    async fetchDetails() {
      const isCurrent = watchGeneration()
      const { details, leaseUnits } = readDetails(await cloud.rpc('my_account'), device.id)
      if (!isCurrent() || closed) return
      settings.setAccount('user', { id: details.id, email: details.email } satisfies KnownUser)
      settings.setAccount('heard', {
        details,
        leaseUnits,
        heardMs: Date.now(),
      } satisfies LastDetails)
      alive = true
    },
    updateUsage(usage) {
      const before = lastDetails()
      if (!before) return
      const details = { ...before.details, usage: { ...usage, pending: 0 } }
      settings.setAccount('heard', { ...before, details })
      notify()
    },
    watchGeneration,
    begin(user) {
      settings.setAccount('user', user)
      alive = true
    },
    expire() {
      alive = false
      setImmediate(notify)
    },
    clearLocalSession,
    close() {
      closed = true
    },
  }
}
