// Ways into an account: e-mail with a code, password, Google through the system's browser.
import { type Loopback, listenForReturn } from '../host/loopback.ts'
import { AccountError, noAnswerCodes, toAccountError } from './account-error.ts'
import type { Cloud } from './cloud.ts'

const browserTimeoutMs = 15 * 60_000

/** After signing up the link in the mail may be opened on another device: so we ask, less and less. */
const pollFirstMs = 4_000
const pollLaterMs = 12_000
const pollForMs = 30 * 60_000

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
  cancelPending(): void
}

/** @param changed something to show: `unverified`, `browser` */
export function createSignIn({ auth, callAuth, functionUrl }: Cloud, changed: () => void): SignIn {
  let unverified: string | undefined
  let pollTimer: NodeJS.Timeout | undefined
  let loopback: Loopback | undefined

  const cancelPending = (): void => {
    clearTimeout(pollTimer)
    pollTimer = undefined
    unverified = undefined
    loopback?.close()
    loopback = undefined
  }
  const awaitVerification = (email: string, password: string): void => {
    clearTimeout(pollTimer)
    unverified = email
    changed()
    const startMs = Date.now()
    const poll = async () => {
      const refused = await callAuth(() => auth.signInWithPassword({ email, password })).then(
        () => undefined,
        (error: AccountError) => error.code,
      )
      if (refused === undefined || unverified !== email) return
      const goesOn = refused === 'email_not_confirmed' || noAnswerCodes.has(refused)
      if (goesOn && Date.now() - startMs < pollForMs) schedulePoll()
    }
    const schedulePoll = () => {
      const waitedMs = Date.now() - startMs
      pollTimer = setTimeout(poll, waitedMs < 60_000 ? pollFirstMs : pollLaterMs).unref()
    }
    schedulePoll()
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
      const { data } = await callAuth(() => auth.signUp({ email, password, options }))
      // A taken address answers like a new one, so that nobody can find out who has an account; its
      // owner gets no mail with a code, and signs in.
      if (!data.session) awaitVerification(email, password)
    },
    async verify(email, code) {
      await callAuth(() => auth.verifyOtp({ email, token: code.trim(), type: 'signup' }))
    },
    async resend(email) {
      await callAuth(() => auth.resend({ type: 'signup', email, options }))
    },
    async withPassword(email, password) {
      await callAuth(() => auth.signInWithPassword({ email, password })).catch(error => {
        if (error.code === 'email_not_confirmed') awaitVerification(email, password)
        throw error
      })
    },
    async withGoogle() {
      loopback?.close()
      const waiting = await listenForReturn({ timeoutMs: browserTimeoutMs })
      loopback = waiting
      changed()
      const { data } = await callAuth(() =>
        auth.signInWithOAuth({
          provider: 'google',
          options: { redirectTo: waiting.url, skipBrowserRedirect: true },
        }),
      ).catch(error => {
        cancelPending()
        changed()
        throw error
      })
      const done = waiting.answer.then(async query => {
        const code = query.get('code')
        if (!code) throw refusedInBrowser(query)
        await callAuth(() => auth.exchangeCodeForSession(code))
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
      await callAuth(() =>
        auth.resetPasswordForEmail(email, { redirectTo: functionUrl('/return') }),
      )
    },
    async reset(email, code, password) {
      await callAuth(() => auth.verifyOtp({ email, token: code.trim(), type: 'recovery' }))
      await callAuth(() => auth.updateUser({ password })).catch(async error => {
        // The code made a session, which nobody asked for without the new password.
        await auth.signOut({ scope: 'local' })
        throw new AccountError(error.code, `${error.message} Ask for another code to try again.`)
      })
    },
    cancelPending,
  }
}

function refusedInBrowser(query: URLSearchParams): AccountError {
  const code = query.get('error_code') ?? query.get('error') ?? 'cancelled'
  if (code === 'access_denied')
    return new AccountError(code, 'The sign-in was not allowed in the browser.')
  return toAccountError({
    code,
    message: query.get('error_description') ?? 'The sign-in did not work.',
  })
}
