// One person's account: signing in and out, and everything that can be done about it. Loaded when
// somebody signs in, and at a start when somebody is signed in.
import type { Problem } from '../api/contract.ts'
import type { Account } from '../api/contract-account.ts'
import { isLoopback, type Network } from '../host/network.ts'
import type { Secrets } from '../host/secrets.ts'
import type { Store } from '../store/store.ts'
import { type Billing, billing } from './billing.ts'
import { openCloud } from './cloud.ts'
import type { CloudConfig } from './cloud-config.ts'
import { type CloudWorkflows, cloudWorkflows } from './cloud-workflows.ts'
import { type Profile, profile } from './profile.ts'
import { quotaProblem } from './quota-words.ts'
import { reportClock } from './report-clock.ts'
import { openSession, type Session } from './session.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { createUsage, readUsageAnswer } from './usage.ts'
import { AccountError } from './words.ts'

/** Signing out ends here by then, also when the cloud does not answer. */
const GOODBYE_MS = 5_000

export interface AccountOptions {
  config: CloudConfig
  secrets: Secrets
  network: Network
  store: Store
  device: { id: string; name: string }
  /** Something to show changed. */
  changed(): void
  /** The list of workflows here changed. */
  workflowsChanged(): void
}

export interface OpenAccount extends Profile, Billing {
  state(): Account
  refresh(): Promise<Account>
  signIn: SignIn
  signOut(everywhere: boolean): Promise<void>
  workflows: CloudWorkflows
  /** Why a run may not begin, or nothing. */
  admit(): Promise<Problem | undefined>
  /** A run was counted. */
  reportSoon(): void
  close(): void
}

export function openAccount(options: AccountOptions): OpenAccount {
  const { config, store, device, changed } = options
  const onThisMachine = isLoopback(new URL(config.url).hostname)
  const cloud = openCloud(config, {
    ...options,
    offline: () => session.closed || (store.settings.all().offline && !onThisMachine),
  })
  const { auth, askAuth } = cloud
  const session = openSession({ cloud, store, device, changed, left: () => signIn.settle() })
  const { asking, hear, tell } = session
  const signIn = createSignIn(cloud, tell)
  const state = () => describe(session, signIn, store)

  const usage = createUsage({
    store,
    device,
    report: body =>
      asking(async () => readUsageAnswer(await cloud.call('POST', '/usage/sync', body))),
    leaseUnits: () => session.lastAnswer()?.leaseUnits,
    heard: session.hearUsage,
    refusal: () => quotaProblem(session.lastAnswer()?.details, session.alive, session.trouble),
    now: Date.now,
  })

  /** Reports first, so that what is heard then has it. A refused report is no reason not to listen. */
  async function reportAndHear(user: string): Promise<void> {
    await usage.sync(user).catch(() => {})
    await hear()
  }

  async function refresh(): Promise<Account> {
    if (session.alive)
      await asking(async () => {
        // A token stays good for a while; whether the session was ended elsewhere only Auth knows.
        await askAuth(() => auth.getUser())
        await reportAndHear(session.userId())
      }).catch(() => {})
    tell()
    return state()
  }

  /** After whatever made a session. The first allowance comes along, so going offline then is fine. */
  async function entered(): Promise<void> {
    signIn.settle()
    const isSame = session.sameFromNow()
    const { data } = await auth.getSession()
    if (!data.session || !isSame()) return
    const { id, email = '' } = data.session.user
    session.begin({ id, email })
    // Shown as soon as it is known; the device and its allowance come a moment later.
    await asking(hear)
    tell()
    await asking(() => reportAndHear(id))
    tell()
  }

  const watching = auth.onAuthStateChange((event, made) => {
    // Not in the callback itself: auth holds its lock while it runs.
    if (event === 'SIGNED_IN' && made && made.user.id !== session.user()?.id)
      setImmediate(() => void entered().catch(() => {}))
    if (event === 'SIGNED_OUT' && session.user()) session.end()
  })

  async function signOut(everywhere: boolean): Promise<void> {
    const user = session.user()
    if (user && session.alive) {
      const goodbye = asking(async () => {
        await usage.settle(user.id).catch(() => {})
        await askAuth(() => auth.signOut({ scope: everywhere ? 'global' : 'local' }))
        return true
      })
      const reached = await within(GOODBYE_MS, goodbye)
      // Here alone the token is gone at once and ends by itself; elsewhere it would go on.
      if (everywhere && !reached)
        throw new AccountError(
          'unreachable',
          'The account’s cloud cannot be reached, so your other devices are still signed in. Try again, or sign out on this device only.',
        )
    }
    session.leave()
  }

  const reporting = reportClock(() => {
    const user = session.user()
    if (user && session.alive) void asking(() => usage.sync(user.id)).catch(() => {})
    return user !== undefined
  })
  if (session.alive) void refresh()

  return {
    ...profile(cloud, session, state),
    ...billing(cloud, session, refresh),
    state,
    refresh,
    signIn: {
      ...withEntering(signIn, entered),
      get unverified() {
        return signIn.unverified
      },
      get browser() {
        return signIn.browser
      },
    },
    signOut,
    workflows: cloudWorkflows({
      cloud: { ...cloud, rpc: (name, args) => asking(() => cloud.rpc(name, args)) },
      store,
      device: () => device.id,
      user: session.userId,
      changed: options.workflowsChanged,
    }),
    async admit() {
      const user = session.user()
      return user && usage.admit(user.id)
    },
    reportSoon: reporting.soon,
    close() {
      session.close()
      reporting.stop()
      watching.data.subscription.unsubscribe()
      signIn.settle()
      cloud.close()
    },
  }
}

/** What the page shows. */
function describe(session: Session, signIn: SignIn, store: Store): Account {
  const user = session.user()
  const last = session.lastAnswer()
  const details = user && last?.details.id === user.id ? last.details : undefined
  return {
    available: true,
    state: user ? (session.alive ? 'signedIn' : 'expired') : 'signedOut',
    reachable: session.trouble === undefined,
    why: session.trouble,
    unverified: signIn.unverified,
    browser: signIn.browser,
    details: details && {
      ...details,
      usage: { ...details.usage, pending: store.usage.pending(details.id) },
    },
    heardMs: details && last?.heardMs,
  }
}

/** @returns nothing when it failed or took longer */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(done => {
    timer = setTimeout(done, ms, undefined)
  })
  return Promise.race([work.catch(() => undefined), late]).finally(() => clearTimeout(timer))
}

/** The ways in, each followed by what a new session needs. */
function withEntering(signIn: SignIn, entered: () => Promise<void>): SignIn {
  return {
    ...signIn,
    async verify(email, code) {
      await signIn.verify(email, code)
      await entered()
    },
    async withPassword(email, password) {
      await signIn.withPassword(email, password)
      await entered()
    },
    async withGoogle() {
      const { url, done } = await signIn.withGoogle()
      const inside = done.then(entered)
      inside.catch(() => {})
      return { url, done: inside }
    },
    async reset(email, code, password) {
      await signIn.reset(email, code, password)
      await entered()
    },
  }
}
