// One person's account: who is signed in, what the cloud last said of them, and everything that can
// be done about it. Loaded when somebody signs in, and at a start when somebody is signed in.
import { z } from 'zod'
import type { Problem } from '../api/contract.ts'
import type { Account, AccountDetails } from '../api/contract-account.ts'
import { isLoopback, isSafeAddress, type Network } from '../host/network.ts'
import type { Secrets } from '../host/secrets.ts'
import type { Store } from '../store/store.ts'
import { openCloud } from './cloud.ts'
import type { CloudConfig } from './cloud-config.ts'
import { type CloudWorkflows, cloudWorkflows } from './cloud-workflows.ts'
import { type CloudUsage, readDetails } from './details.ts'
import { quotaProblem } from './quota-words.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { createUsage, readUsageAnswer } from './usage.ts'
import { AccountError, inWords, NOT_ANSWERED, SESSION_ENDED } from './words.ts'

/** What says that nobody is signed in any more. */
const ENDED = new Set([...SESSION_ENDED, 'unauthorized'])

/** Runs of a series are reported together. */
const REPORT_SOON_MS = 3_000
const REPORT_AGAIN_MS = 5 * 60_000
/** While Stripe's page is open in the browser: what changed there shows here. */
const FOLLOW_EVERY_MS = 2_000
const FOLLOW_FOR_MS = 15 * 60_000
const OFFLINE = 'Offline: the account’s cloud is not asked. Your work here goes on.'
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

export interface OpenAccount {
  state(): Account
  refresh(): Promise<Account>
  signIn: SignIn
  signOut(everywhere: boolean): Promise<void>
  rename(displayName: string): Promise<Account>
  changeEmail(email: string): Promise<void>
  confirmEmail(email: string, code: string): Promise<Account>
  changePassword(current: string, password: string): Promise<void>
  changeMail(productNews: boolean, usageAlerts: boolean): Promise<Account>
  revokeDevice(id: string): Promise<Account>
  checkout(planId: string): Promise<{ url: string }>
  portal(flow: 'manage' | 'cancel' | 'update'): Promise<{ url: string }>
  /** A zip of everything that is held. */
  exportData(): Promise<Uint8Array>
  requestDeletion(password: string | undefined): Promise<Account>
  cancelDeletion(): Promise<Account>
  workflows: CloudWorkflows
  /** Why a run may not begin, or nothing. */
  admit(): Promise<Problem | undefined>
  /** A run was counted. */
  reportSoon(): void
  close(): void
}

/** Who is signed in on this device: known without asking, and kept when the session ends. */
export interface KnownUser {
  id: string
  email: string
}

interface Heard {
  details: AccountDetails
  leaseUnits: number
  heardMs: number
}

export function openAccount(options: AccountOptions): OpenAccount {
  const { store, device, changed } = options
  const { settings } = store
  const cloud = openCloud(options.config, options.network, options.secrets)
  const { auth } = cloud

  let alive = cloud.hasSession()
  let closed = false
  let trouble: string | undefined
  let followUntilMs = 0
  /** Counts sign-outs: what was asked before one is not heard after it. */
  let era = 0
  let timer: NodeJS.Timeout | undefined

  // An answer may come when the app is closing, and the database with it.
  const known = () => (!closed && settings.account<KnownUser>('user')) || undefined
  const heard = () => (!closed && settings.account<Heard>('heard')) || undefined
  const tell = () => {
    if (!closed) changed()
  }

  const signIn = createSignIn(cloud, tell)

  const mustBeKnown = (): string => {
    const user = known()
    if (!user) throw new AccountError('session_not_found', 'Sign in first.')
    return user.id
  }

  function hearUsage(usage: CloudUsage): void {
    const before = heard()
    if (!before) return
    const details = { ...before.details, usage: { ...usage, pending: 0 } }
    settings.setAccount('heard', { ...before, details })
    tell()
  }

  const usage = createUsage({
    store,
    device,
    report: body =>
      asking(async () => readUsageAnswer(await cloud.call('POST', '/usage/sync', body))),
    leaseUnits: () => heard()?.leaseUnits,
    heard: hearUsage,
    refusal: () => quotaProblem(heard()?.details, alive, trouble),
    now: Date.now,
  })

  /** The network door would refuse; libraries would try again and again, and make people wait. */
  const offline = () =>
    store.settings.all().offline && !isLoopback(new URL(options.config.url).hostname)

  /** Notes whether the cloud could be asked, and whether the session still stands. */
  async function asking<T>(work: () => Promise<T>): Promise<T> {
    const asked = era
    try {
      if (offline()) throw new AccountError('unreachable', OFFLINE)
      const answer = await work()
      if (asked === era) trouble = undefined
      return answer
    } catch (raw) {
      const error = await reasonOf(inWords(raw as Error))
      if (asked !== era) throw error
      if (NOT_ANSWERED.has(error.code)) trouble = error.message
      const user = known()
      if (error.code === 'user_not_found' && user) eraseHere(user.id)
      else if (ENDED.has(error.code)) {
        alive = false
        trouble = error.message
      }
      tell()
      throw error
    }
  }

  /** A call that is refused does not say whether the session has ended or nobody is there any more. */
  async function reasonOf(error: AccountError): Promise<AccountError> {
    if (error.code === 'user_not_found' || !ENDED.has(error.code)) return error
    const { error: said } = await auth.getUser()
    const reason = said && inWords(said)
    return reason?.code === 'user_not_found' ? reason : error
  }

  async function hear(): Promise<void> {
    const asked = era
    const { details, leaseUnits } = readDetails(await cloud.rpc('my_account'), device.id)
    if (asked !== era || closed) return
    settings.setAccount('user', { id: details.id, email: details.email } satisfies KnownUser)
    settings.setAccount('heard', { details, leaseUnits, heardMs: Date.now() } satisfies Heard)
    alive = true
  }

  /** Reports first, so that what is heard then has it. A refused report is no reason not to listen. */
  async function reportAndHear(user: string): Promise<void> {
    await usage.sync(user).catch(() => {})
    await hear()
  }

  async function refresh(): Promise<Account> {
    if (alive)
      await asking(async () => {
        // A token stays good for a while; whether the session was ended elsewhere only Auth knows.
        const { error } = await auth.getUser()
        if (error) throw inWords(error)
        await reportAndHear(mustBeKnown())
      }).catch(() => {})
    tell()
    return state()
  }

  /** After whatever made a session. The first allowance comes along, so going offline then is fine. */
  async function entered(): Promise<void> {
    signIn.settle()
    const asked = era
    const { data } = await auth.getSession()
    if (!data.session || asked !== era) return
    const { id, email = '' } = data.session.user
    settings.setAccount('user', { id, email } satisfies KnownUser)
    alive = true
    // Shown as soon as it is known; the device and its allowance come a moment later.
    await asking(hear)
    tell()
    await asking(() => reportAndHear(id))
    tell()
  }

  const watching = auth.onAuthStateChange((event, session) => {
    // Not in the callback itself: auth holds its lock while it runs.
    if (event === 'SIGNED_IN' && session && session.user.id !== known()?.id)
      setImmediate(() => void entered().catch(() => {}))
    if (event === 'SIGNED_OUT' && known()) {
      alive = false
      setImmediate(tell)
    }
  })

  function state(): Account {
    const user = known()
    const last = heard()
    const details = user && last?.details.id === user.id ? last.details : undefined
    return {
      available: true,
      state: user ? (alive ? 'signedIn' : 'expired') : 'signedOut',
      reachable: trouble === undefined,
      why: trouble,
      unverified: signIn.unverified,
      browser: signIn.browser,
      details: details && {
        ...details,
        usage: { ...details.usage, pending: store.usage.pending(details.id) },
      },
      heardMs: details && last?.heardMs,
    }
  }

  /** Nobody is signed in here any more, whatever is still under way. */
  function leaveHere(): void {
    era++
    cloud.forgetSession()
    signIn.settle()
    for (const key of ['user', 'heard', 'device']) settings.setAccount(key, null)
    alive = false
    trouble = undefined
    tell()
  }

  /** The account is gone for good: what was kept for it here goes too. */
  function eraseHere(user: string): void {
    store.usage.forgetUser(user)
    store.storedWorkflows.forgetUser(user)
    leaveHere()
    trouble = 'This account no longer exists. Your workflows and pictures here are untouched.'
    tell()
  }

  /** Calls, then hears what became of it. */
  const changing = async (work: () => Promise<unknown>): Promise<Account> => {
    await asking(async () => {
      await work()
      await hear()
    })
    tell()
    return state()
  }

  const report = () => {
    clearTimeout(timer)
    const user = known()
    if (closed || !user) return
    if (alive) void asking(() => usage.sync(user.id)).catch(() => {})
    timer = setTimeout(report, REPORT_AGAIN_MS).unref()
  }

  function follow(): void {
    const already = followUntilMs > Date.now()
    followUntilMs = Date.now() + FOLLOW_FOR_MS
    if (already) return
    const look = async () => {
      if (closed || !alive || Date.now() > followUntilMs) return
      const before = JSON.stringify(heard()?.details.subscription)
      await asking(hear).catch(() => {})
      if (JSON.stringify(heard()?.details.subscription) !== before) await refresh()
      setTimeout(look, FOLLOW_EVERY_MS).unref()
    }
    setTimeout(look, FOLLOW_EVERY_MS).unref()
  }

  /** Where the person goes in the browser; what they do there shows here. */
  const visit = async (path: string, body: object) => {
    const answer = await asking(async () => page.parse(await cloud.call('POST', path, body)))
    follow()
    return answer
  }

  /** Proves that it is the person: the session becomes a fresh one. */
  const confirm = async (password: string) => {
    const { error } = await auth.signInWithPassword({ email: known()!.email, password })
    if (error?.code === 'invalid_credentials')
      throw new AccountError('invalid_credentials', 'The password is not right.')
    if (error) throw inWords(error)
  }

  report()
  if (alive) void refresh()

  return {
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
    async signOut(everywhere) {
      const user = known()
      if (user && alive) {
        const goodbye = asking(async () => {
          await usage.settle(user.id).catch(() => {})
          return auth.signOut({ scope: everywhere ? 'global' : 'local' })
        })
        const said = await within(GOODBYE_MS, goodbye)
        // Here alone the token is gone at once and ends by itself; elsewhere it would go on.
        if (everywhere && (!said || said.error))
          throw new AccountError(
            'unreachable',
            'The account’s cloud cannot be reached, so your other devices are still signed in. Try again, or sign out on this device only.',
          )
      }
      leaveHere()
    },
    rename: displayName =>
      changing(() => cloud.rpc('update_profile', { display_name: displayName })),
    async changeEmail(email) {
      await asking(async () => {
        const { error } = await auth.updateUser({ email })
        if (error) throw inWords(error)
      })
    },
    confirmEmail: (email, code) =>
      changing(async () => {
        const { error } = await auth.verifyOtp({ email, token: code.trim(), type: 'email_change' })
        if (error) throw inWords(error)
      }),
    async changePassword(current, password) {
      await asking(async () => {
        await confirm(current)
        const { error } = await auth.updateUser({ password })
        if (error) throw inWords(error)
      })
    },
    changeMail: (productNews, usageAlerts) =>
      changing(() =>
        cloud.rpc('update_mail_preferences', {
          product_news: productNews,
          usage_alerts: usageAlerts,
        }),
      ),
    revokeDevice: id => changing(() => cloud.rpc('revoke_device', { device: id })),
    checkout: planId => visit('/checkout', { planId }),
    portal: flow => visit('/portal', { flow }),
    exportData: () => asking(() => cloud.bytes('/export')),
    requestDeletion: password =>
      changing(async () => {
        if (password !== undefined) await confirm(password)
        await cloud.call('POST', '/deletion')
      }),
    cancelDeletion: () => changing(() => cloud.call('DELETE', '/deletion')),
    workflows: cloudWorkflows({
      cloud: { ...cloud, rpc: (name, args) => asking(() => cloud.rpc(name, args)) },
      store,
      device: () => device.id,
      user: mustBeKnown,
      changed: options.workflowsChanged,
    }),
    async admit() {
      const user = known()
      return user && usage.admit(user.id)
    },
    reportSoon() {
      clearTimeout(timer)
      timer = setTimeout(report, REPORT_SOON_MS).unref()
    },
    close() {
      closed = true
      clearTimeout(timer)
      watching.data.subscription.unsubscribe()
      signIn.settle()
      cloud.close()
    },
  }
}

/** A page for the system's browser. */
const page = z.object({ url: z.string().refine(isSafeAddress) })

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
