// What the cloud refuses, in words for people. Codes are Supabase Auth's and our functions'.
import type { z } from 'zod'

export class AccountError extends Error {
  override name = 'AccountError'
  readonly code: string
  /** What the cloud knows more about it, as a conflict's version. */
  readonly detail: unknown
  constructor(code: string, message: string, detail?: unknown) {
    super(message)
    this.code = code
    this.detail = detail
  }
}

/** https://supabase.com/docs/guides/auth/debugging/error-codes */
const authMessages: Record<string, string> = {
  invalid_credentials: 'The e-mail address or the password is not right.',
  email_not_confirmed: 'This address is not verified yet. Look for the mail with the code.',
  user_banned: 'This account is suspended. Write to support if you think that is wrong.',
  otp_expired: 'The code is wrong or has expired. Ask for a new one.',
  email_exists: 'Another account has this address.',
  user_already_exists: 'There is an account with this address. Sign in instead.',
  same_password: 'That is the password you have. Choose another one.',
  weak_password: 'The password is too short: use at least 8 characters.',
  over_email_send_rate_limit: 'Too many mails were asked for. Wait a minute and try again.',
  over_request_rate_limit: 'Too many tries. Wait a minute and try again.',
  signup_disabled: 'New accounts cannot be made at the moment.',
  provider_disabled: 'Signing in with Google is not set up for this cloud.',
  bad_code_verifier: 'The browser came back from another sign-in. Start again.',
  flow_state_expired: 'The sign-in took too long. Start again.',
  flow_state_not_found: 'The sign-in took too long. Start again.',
  session_expired: 'You were signed out. Sign in again.',
  session_not_found: 'You were signed out. Sign in again.',
  refresh_token_not_found: 'You were signed out. Sign in again.',
  refresh_token_already_used: 'You were signed out. Sign in again.',
  user_not_found: 'This account no longer exists.',
  reauthenticate: 'Sign in again to confirm that it is you.',
}

/** Codes that mean: this session is over, whatever is tried. */
export const sessionEndedCodes = new Set([
  'session_expired',
  'session_not_found',
  'refresh_token_not_found',
  'refresh_token_already_used',
  'user_not_found',
  'user_banned',
])

/** Codes that mean: nothing was said to us, or nothing that we understand. */
export const noAnswerCodes = new Set(['unreachable', 'not_understood'])

export const offlineError = () =>
  new AccountError(
    'unreachable',
    'Offline: the account’s cloud is not asked. Your work here goes on.',
  )

/** No JSON, JSON of another shape, a page: a captive portal, a proxy, another version. */
export const notUnderstood = () =>
  new AccountError(
    'not_understood',
    'Something else than the account’s cloud answered. A hotel’s or company’s network may stand between; or this ComfyRunner is too old. Your work here goes on.',
  )

/** An answer of the cloud, as `type` says it is. @throws AccountError `not_understood` */
export function readAnswer<T extends z.ZodType>(type: T, answer: unknown): z.output<T> {
  const read = type.safeParse(answer)
  if (!read.success) throw notUnderstood()
  return read.data
}

/** What a server says to people is a sentence; an error page of a proxy is longer. */
const maxMessageLength = 300

interface Failure {
  code?: string | undefined
  name?: string | undefined
  message: string
  status?: number | undefined
}

/** @param said what supabase-js or our own call reports */
export function toAccountError(said: Failure): AccountError {
  if (said instanceof AccountError) return said
  // auth-js keeps this code to itself.
  const missing = said.name === 'AuthSessionMissingError'
  const code = missing ? 'session_not_found' : (said.code ?? said.name ?? 'unknown')
  if (authMessages[code]) return new AccountError(code, authMessages[code])
  if (code === 'validation_failed' && /email/i.test(said.message))
    return new AccountError(code, 'This is not an e-mail address.')
  if (code === 'offline') return offlineError()
  if (isUnreachable(said))
    return new AccountError(
      'unreachable',
      'The account’s cloud cannot be reached. Your work here goes on.',
    )
  if (isGarbled(said)) return notUnderstood()
  return new AccountError(code, said.message)
}

const isGarbled = ({ name, message }: Failure): boolean =>
  name === 'AuthUnknownError' ||
  typeof message !== 'string' ||
  message.length > maxMessageLength ||
  /<(!doctype|html|head|body)/i.test(message)

const isUnreachable = ({ name, status }: Failure): boolean =>
  name === 'NetworkError' ||
  name === 'AuthRetryableFetchError' ||
  status === 0 ||
  (status !== undefined && status >= 500)
