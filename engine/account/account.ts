// One person's account: signing in and out, and everything that can be done about it. Loaded when
// somebody signs in, and at a start when somebody is signed in.
import type { Problem } from '../api/contract.ts'
import type { Account } from '../api/contract-account.ts'
import { type HttpClient, isLoopback } from '../host/http-client.ts'
import type { Secrets } from '../host/secrets.ts'
import type { Store } from '../store/store.ts'
import { AccountError } from './account-error.ts'
import { type Billing, billing } from './billing.ts'
import { openCloud } from './cloud.ts'
import type { CloudConfig } from './cloud-config.ts'
import { type CloudWorkflows, cloudWorkflows } from './cloud-workflows.ts'
import { type Profile, profile } from './profile.ts'
import { quotaProblem } from './quota-problem.ts'
import { reportClock } from './report-clock.ts'
import { type KnownUser, openSession, type Session } from './session.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { createUsage, readUsageAnswer } from './usage.ts'

/** Signing out ends here by then, also when the cloud does not answer. */
const signOutTimeoutMs = 5_000

export interface AccountOptions {
  config: CloudConfig
  secrets: Secrets
  http: HttpClient
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
  checkAllowance(): Promise<Problem | undefined>
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
  const { auth, callAuth } = cloud
  const session = openSession({
    cloud,
    store,
    device,
    changed,
    onCleared: () => signIn.cancelPending(),
  })
  const { callCloud, fetchDetails, notify } = session
  const signIn = createSignIn(cloud, notify)
  const state = () => describe(session, signIn, store)

  const usage = createUsage({
    store,
    device,
    report: body =>
      callCloud(async () => readUsageAnswer(await cloud.call('POST', '/usage/sync', body))),
    leaseUnits: () => session.lastDetails()?.leaseUnits,
    onUsage: session.updateUsage,
    refusal: () => quotaProblem(session.lastDetails()?.details, session.alive, session.trouble),
    now: Date.now,
  })

  /** Reports first, so that what is heard then has it. A refused report is no reason not to listen. */
  async function reportAndFetch(user: string): Promise<void> {
    await usage.sync(user).catch(() => {})
    await fetchDetails()
  }

  async function refresh(): Promise<Account> {
    if (session.alive)
      await callCloud(async () => {
        // A token stays good for a while; whether the session was ended elsewhere only Auth knows.
        await callAuth(() => auth.getUser())
        await reportAndFetch(session.userId())
      }).catch(() => {})
    notify()
    return state()
  }

  let begun: { token: string; done: Promise<void> } | undefined

  /** After whatever made a session. Both its event and who asked for it come here: it begins once. */
  async function afterSignIn(): Promise<void> {
    signIn.cancelPending()
    const isCurrent = session.watchGeneration()
    const { data } = await auth.getSession()
    if (!data.session || !isCurrent()) return
    const { access_token: token, user } = data.session
    if (begun?.token !== token)
      begun = { token, done: begin({ id: user.id, email: user.email ?? '' }) }
    await begun.done
  }

  /** The first allowance comes along, so going offline then is fine. */
  async function begin(user: KnownUser): Promise<void> {
    session.begin(user)
    // Shown as soon as it is known; the device and its allowance come a moment later.
    await callCloud(fetchDetails)
    notify()
    await callCloud(() => reportAndFetch(user.id))
    notify()
  }

  const authListener = auth.onAuthStateChange((event, made) => {
    // Not in the callback itself: auth holds its lock while it runs.
    if (event === 'SIGNED_IN' && made && made.user.id !== session.user()?.id)
      setImmediate(() => void afterSignIn().catch(() => {}))
    if (event === 'SIGNED_OUT' && session.user()) session.expire()
  })

  async function signOut(everywhere: boolean): Promise<void> {
    const user = session.user()
    if (user && session.alive) {
      const signingOut = callCloud(async () => {
        await usage.returnLeases(user.id).catch(() => {})
        await callAuth(() => auth.signOut({ scope: everywhere ? 'global' : 'local' }))
        return true
      })
      const reached = await withTimeout(signOutTimeoutMs, signingOut)
      // Here alone the token is gone at once and ends by itself; elsewhere it would go on.
      if (everywhere && !reached)
        throw new AccountError(
          'unreachable',
          'The account’s cloud cannot be reached, so your other devices are still signed in. Try again, or sign out on this device only.',
        )
    }
    session.clearLocalSession()
  }

  const reporting = reportClock(() => {
    const user = session.user()
    if (user && session.alive) void callCloud(() => usage.sync(user.id)).catch(() => {})
    return user !== undefined
  })
  if (session.alive) void refresh()

  return {
    ...profile(cloud, session, state),
    ...billing(cloud, session, refresh),
    state,
    refresh,
    signIn: {
      ...thenAfterSignIn(signIn, afterSignIn),
      get unverified() {
        return signIn.unverified
      },
      get browser() {
        return signIn.browser
      },
    },
    signOut,
    workflows: cloudWorkflows({
      cloud: { ...cloud, rpc: (name, args) => callCloud(() => cloud.rpc(name, args)) },
      store,
      device: () => device.id,
      user: session.userId,
      changed: options.workflowsChanged,
    }),
    async checkAllowance() {
      const user = session.user()
      return user && usage.checkAllowance(user.id)
    },
    reportSoon: reporting.soon,
    close() {
      session.close()
      reporting.stop()
      authListener.data.subscription.unsubscribe()
      signIn.cancelPending()
      cloud.close()
    },
  }
}

/** What the page shows. */
function describe(session: Session, signIn: SignIn, store: Store): Account {
  const user = session.user()
  const last = session.lastDetails()
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
async function withTimeout<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(done => {
    timer = setTimeout(done, ms, undefined)
  })
  return Promise.race([work.catch(() => undefined), late]).finally(() => clearTimeout(timer))
}

/** The ways in, each followed by what a new session needs. */
function thenAfterSignIn(signIn: SignIn, afterSignIn: () => Promise<void>): SignIn {
  return {
    ...signIn,
    async verify(email, code) {
      await signIn.verify(email, code)
      await afterSignIn()
    },
    async withPassword(email, password) {
      await signIn.withPassword(email, password)
      await afterSignIn()
    },
    async withGoogle() {
      const { url, done } = await signIn.withGoogle()
      const signedIn = done.then(afterSignIn)
      signedIn.catch(() => {})
      return { url, done: signedIn }
    },
    async reset(email, code, password) {
      await signIn.reset(email, code, password)
      await afterSignIn()
    },
  }
}
