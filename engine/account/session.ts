// Who is signed in on this device and what the cloud last said of them: kept on the disk, so it is known
// without asking. Every question to the cloud is asked through `asking`, which notes what came of it.
import type { AccountDetails } from '../api/contract-account.ts'
import type { Store } from '../store/store.ts'
import type { Cloud } from './cloud.ts'
import { type CloudUsage, readDetails } from './details.ts'
import { AccountError, NOT_ANSWERED, SESSION_ENDED } from './words.ts'

/** What says that nobody is signed in any more. */
const ENDED = new Set([...SESSION_ENDED, 'unauthorized'])

/** Who is signed in on this device: known without asking, and kept when the session ends. */
export interface KnownUser {
  id: string
  email: string
}

/** What the cloud last said. */
export interface LastAnswer {
  details: AccountDetails
  /** How many runs this device may hold in advance. */
  leaseUnits: number
  heardMs: number
}

export interface Session {
  user(): KnownUser | undefined
  /** @throws AccountError when nobody is signed in */
  userId(): string
  lastAnswer(): LastAnswer | undefined
  /** The cloud still takes the session; a user without it has to sign in again. */
  readonly alive: boolean
  /** Why the cloud could not be asked, or why nobody is signed in any more. */
  readonly trouble: string | undefined
  readonly closed: boolean
  /** Something to show changed; of no interest any more once it is closed. */
  tell(): void
  /** Notes whether the cloud could be asked, and whether the session still stands. @throws AccountError */
  asking<T>(work: () => Promise<T>): Promise<T>
  /** Asks for everything about the account. @throws AccountError */
  hear(): Promise<void>
  hearUsage(usage: CloudUsage): void
  /** Whether nobody has signed out since this was called. */
  sameFromNow(): () => boolean
  begin(user: KnownUser): void
  /** It is over, and the user still known. */
  end(): void
  /** Nobody is signed in here any more, whatever is still under way. */
  leave(): void
  close(): void
}

export interface SessionOptions {
  cloud: Cloud
  store: Store
  device: { id: string }
  /** Something to show changed. */
  changed(): void
  /** Nobody is signed in any more. */
  left(): void
}

export function openSession(options: SessionOptions): Session {
  const { cloud, store, device } = options
  const { settings } = store
  let alive = cloud.hasSession()
  let trouble: string | undefined
  let closed = false
  /** Counts sign-outs: what was asked before one is not heard after it. */
  let era = 0

  // An answer may come when the app is closing, and the database with it.
  const user = () => (!closed && settings.account<KnownUser>('user')) || undefined
  const lastAnswer = () => (!closed && settings.account<LastAnswer>('heard')) || undefined
  const tell = () => {
    if (!closed) options.changed()
  }
  const sameFromNow = () => {
    const before = era
    return () => before === era
  }

  function leave(): void {
    era++
    cloud.forgetSession()
    options.left()
    for (const key of ['user', 'heard', 'device']) settings.setAccount(key, null)
    alive = false
    trouble = undefined
    tell()
  }

  /** The account is gone for good: what was kept for it here goes too. */
  function erase(user: string): void {
    store.usage.forgetUser(user)
    store.storedWorkflows.forgetUser(user)
    leave()
    trouble = 'This account no longer exists. Your workflows and pictures here are untouched.'
    tell()
  }

  async function asking<T>(work: () => Promise<T>): Promise<T> {
    const isSame = sameFromNow()
    try {
      cloud.mustBeOnline()
      const answer = await work()
      if (isSame()) trouble = undefined
      return answer
    } catch (error) {
      if (!(error instanceof AccountError)) {
        // A mistake of ours; who asks in the background does not hear of it.
        if (!closed) console.error(error)
        throw error
      }
      if (isSame()) note(error)
      throw error
    }
  }

  function note({ code, message }: AccountError): void {
    if (NOT_ANSWERED.has(code)) trouble = message
    const { id } = user() ?? {}
    if (code === 'user_not_found' && id) erase(id)
    else if (ENDED.has(code)) {
      alive = false
      trouble = message
    }
    tell()
  }

  return {
    user,
    userId() {
      const { id } = user() ?? {}
      if (!id) throw new AccountError('session_not_found', 'Sign in first.')
      return id
    },
    lastAnswer,
    get alive() {
      return alive
    },
    get trouble() {
      return trouble
    },
    get closed() {
      return closed
    },
    tell,
    asking,
    async hear() {
      const isSame = sameFromNow()
      const { details, leaseUnits } = readDetails(await cloud.rpc('my_account'), device.id)
      if (!isSame() || closed) return
      settings.setAccount('user', { id: details.id, email: details.email } satisfies KnownUser)
      settings.setAccount('heard', {
        details,
        leaseUnits,
        heardMs: Date.now(),
      } satisfies LastAnswer)
      alive = true
    },
    hearUsage(usage) {
      const before = lastAnswer()
      if (!before) return
      const details = { ...before.details, usage: { ...usage, pending: 0 } }
      settings.setAccount('heard', { ...before, details })
      tell()
    },
    sameFromNow,
    begin(user) {
      settings.setAccount('user', user)
      alive = true
    },
    end() {
      alive = false
      setImmediate(tell)
    },
    leave,
    close() {
      closed = true
    },
  }
}
