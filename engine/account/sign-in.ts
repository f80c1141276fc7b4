// Ways into an account: e-mail with a code, password, Google through the system's browser.
import { type Loopback, listenForReturn } from '../host/loopback.ts'
import type { Cloud } from './cloud.ts'
import { AccountError, inWords, NOT_ANSWERED } from './words.ts'

const BROWSER_TIMEOUT_MS = 15 * 60_000

/** After signing up the link in the mail may be opened on another device: so we ask, less and less. */
const ASK_FIRST_MS = 4_000
const ASK_LATER_MS = 12_000
const ASK_FOR_MS = 30 * 60_000

export interface SignIn {
  /** The mailbox that waits for its verification. */
  readonly unverified: string | undefined
  /** A sign-in is under way in the browser. */
  readonly browser: boolean
  signUp(email: string, password: string): Promise<void>
  verify(email: string, code: string): Promise<void>
  resend(email: string): Promise<void>
  withPassword(email: string, password: string): Promise<void>
  /** @returns the address to open; `done` settles when the person came back */
  withGoogle(): Promise<{ url: string; done: Promise<void> }>
  cancelBrowser(): void
  requestReset(email: string): Promise<void>
  reset(email: string, code: string, password: string): Promise<void>
  /** Forgets what waits: signed in, signed out, or the app closes. */
  settle(): void
}

/** @param changed something to show: `unverified`, `browser` */
export function createSignIn({ auth, askAuth, functionUrl }: Cloud, changed: () => void): SignIn {
  let unverified: string | undefined
  let asking: NodeJS.Timeout | undefined
  let loopback: Loopback | undefined

  const settle = (): void => {
    clearTimeout(asking)
    asking = undefined
    unverified = undefined
    loopback?.close()
    loopback = undefined
  }
  const awaitVerification = (email: string, password: string): void => {
    clearTimeout(asking)
    unverified = email
    changed()
    const startMs = Date.now()
    const ask = async () => {
      const refused = await askAuth(() => auth.signInWithPassword({ email, password })).then(
        () => undefined,
        (error: AccountError) => error.code,
      )
      if (refused === undefined || unverified !== email) return
      const goesOn = refused === 'email_not_confirmed' || NOT_ANSWERED.has(refused)
      if (goesOn && Date.now() - startMs < ASK_FOR_MS) askAgain()
    }
    const askAgain = () => {
      const waitedMs = Date.now() - startMs
      asking = setTimeout(ask, waitedMs < 60_000 ? ASK_FIRST_MS : ASK_LATER_MS).unref()
    }
    askAgain()
  }
  const options = { emailRedirectTo: functionUrl('/return') }

  return {
    get unverified() {
      return unverified
    },
    get browser() {
      return loopback !== undefined
    },
    async signUp(email, password) {
      const { data } = await askAuth(() => auth.signUp({ email, password, options }))
      // A taken address answers like a new one, so that nobody can find out who has an account; its
      // owner gets no mail with a code, and signs in.
      if (!data.session) awaitVerification(email, password)
    },
    async verify(email, code) {
      await askAuth(() => auth.verifyOtp({ email, token: code.trim(), type: 'signup' }))
    },
    async resend(email) {
      await askAuth(() => auth.resend({ type: 'signup', email, options }))
    },
    async withPassword(email, password) {
      await askAuth(() => auth.signInWithPassword({ email, password })).catch(error => {
        if (error.code === 'email_not_confirmed') awaitVerification(email, password)
        throw error
      })
    },
    async withGoogle() {
      loopback?.close()
      const waiting = await listenForReturn({ timeoutMs: BROWSER_TIMEOUT_MS })
      loopback = waiting
      changed()
      const { data } = await askAuth(() =>
        auth.signInWithOAuth({
          provider: 'google',
          options: { redirectTo: waiting.url, skipBrowserRedirect: true },
        }),
      ).catch(error => {
        settle()
        changed()
        throw error
      })
      const done = waiting.answer.then(async query => {
        const code = query.get('code')
        if (!code) throw refusedInBrowser(query)
        await askAuth(() => auth.exchangeCodeForSession(code))
      })
      done
        .catch(() => {})
        .finally(() => {
          if (loopback === waiting) loopback = undefined
          changed()
        })
      return { url: data.url, done }
    },
    cancelBrowser() {
      loopback?.close()
    },
    async requestReset(email) {
      await askAuth(() => auth.resetPasswordForEmail(email, { redirectTo: functionUrl('/return') }))
    },
    async reset(email, code, password) {
      await askAuth(() => auth.verifyOtp({ email, token: code.trim(), type: 'recovery' }))
      await askAuth(() => auth.updateUser({ password })).catch(async error => {
        // The code made a session, which nobody asked for without the new password.
        await auth.signOut({ scope: 'local' })
        throw new AccountError(error.code, `${error.message} Ask for another code to try again.`)
      })
    },
    settle,
  }
}

function refusedInBrowser(query: URLSearchParams): AccountError {
  const code = query.get('error_code') ?? query.get('error') ?? 'cancelled'
  if (code === 'access_denied')
    return new AccountError(code, 'The sign-in was not allowed in the browser.')
  return inWords({ code, message: query.get('error_description') ?? 'The sign-in did not work.' })
}
