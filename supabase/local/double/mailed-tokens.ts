// Codes and links that go out by mail: made here, used once, within the hour.
import { randomInt, randomUUID } from 'node:crypto'
import { AuthError } from './auth-error.ts'
import type { AuthContext } from './context.ts'
import type { EmailAction } from './email-hook.ts'
import { tokenHash } from './tokens.ts'
import { type Sql, type User, userById, userJson } from './users.ts'

/** What a link's `type` says, besides `email`, which stands for a sign-up. */
export type VerifyType = 'signup' | 'recovery' | 'email_change'

type TokenType =
  | 'confirmation_token'
  | 'recovery_token'
  | 'reauthentication_token'
  | 'email_change_token_new'
  | 'email_change_token_current'

export interface MailedToken {
  user_id: string
  token_type: TokenType
  token_hash: string
  relates_to: string
}

const sentAtColumns = {
  signup: 'confirmation_sent_at',
  recovery: 'recovery_sent_at',
  email_change: 'email_change_sent_at',
  reauthentication: 'reauthentication_sent_at',
} as const satisfies Record<EmailAction, keyof User>

/** Marks the link of a PKCE flow: it answers with a code, not with tokens. */
const pkcePrefix = 'pkce_'
export const isPkce = (hash: string) => hash.startsWith(pkcePrefix)

const sixDigits = () => String(randomInt(1_000_000)).padStart(6, '0')

/** @throws AuthError 429 when the same mail went out a moment ago. */
export function checkMailInterval(auth: AuthContext, user: User, action: EmailAction) {
  const sentAt = user[sentAtColumns[action]]
  const waitMs = (sentAt?.getTime() ?? 0) + auth.settings.mailIntervalSeconds * 1000 - Date.now()
  if (waitMs <= 0) return
  const seconds = Math.ceil(waitMs / 1000)
  const message = `For security purposes, you can only request this after ${seconds} seconds.`
  throw new AuthError(429, 'over_email_send_rate_limit', message)
}

/** Makes the code and its link's hash, replaces an earlier one, and has the mail sent. */
export async function mailToken(
  auth: AuthContext,
  user: User,
  action: Exclude<EmailAction, 'email_change'>,
  more: { redirectTo: string; pkce: boolean },
) {
  checkMailInterval(auth, user, action)
  const type: TokenType =
    action === 'signup'
      ? 'confirmation_token'
      : action === 'recovery'
        ? 'recovery_token'
        : 'reauthentication_token'
  const code = sixDigits()
  const hash = (more.pkce ? pkcePrefix : '') + tokenHash(user.email, code)
  await keepToken(auth.sql, user, type, hash, user.email)
  await send(auth, user, action, more.redirectTo, { token: code, token_hash: hash })
}

/** A change of address: one mail to the new, and with double confirmation one to the old as well. */
export async function mailEmailChange(
  auth: AuthContext,
  user: User,
  email: string,
  more: { redirectTo: string; pkce: boolean },
) {
  checkMailInterval(auth, user, 'email_change')
  const prefix = more.pkce ? pkcePrefix : ''
  const { sql } = auth
  await sql`update auth.users set email_change = ${email}, email_change_confirm_status = 0
    where id = ${user.id}`
  const newCode = sixDigits()
  const newHash = prefix + tokenHash(email, newCode)
  await keepToken(sql, user, 'email_change_token_new', newHash, email)
  if (!auth.settings.doubleConfirmChanges) {
    await send(auth, user, 'email_change', more.redirectTo, { token: newCode, token_hash: newHash })
    return
  }
  const oldCode = sixDigits()
  const oldHash = prefix + tokenHash(user.email, oldCode)
  await keepToken(sql, user, 'email_change_token_current', oldHash, user.email)
  // The hashes are crossed in GoTrue, and documented so: `token_hash_new` belongs to the old address.
  await send(auth, user, 'email_change', more.redirectTo, {
    token: oldCode,
    token_hash: newHash,
    token_new: newCode,
    token_hash_new: oldHash,
  })
}

async function keepToken(sql: Sql, user: User, type: TokenType, hash: string, email: string) {
  await sql`
    insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
    values (${randomUUID()}, ${user.id}, ${type}, ${hash}, ${email})
    on conflict (user_id, token_type) do update
      set token_hash = excluded.token_hash, relates_to = excluded.relates_to,
        created_at = now(), updated_at = now()`
}

async function send(
  auth: AuthContext,
  user: User,
  action: EmailAction,
  redirectTo: string,
  tokens: { token: string; token_hash: string; token_new?: string; token_hash_new?: string },
) {
  const fresh = (await userById(auth.sql, user.id))!
  await auth.sendEmail({
    user: await userJson(auth.sql, fresh),
    email_data: {
      token_new: '',
      token_hash_new: '',
      ...tokens,
      redirect_to: redirectTo,
      email_action_type: action,
      site_url: auth.url,
    },
  })
  const column = auth.sql(sentAtColumns[action])
  await auth.sql`update auth.users set ${column} = now() where id = ${user.id}`
}

const tokenTypes: Record<VerifyType, TokenType[]> = {
  signup: ['confirmation_token'],
  recovery: ['recovery_token'],
  email_change: ['email_change_token_new', 'email_change_token_current'],
}

/** Takes a mailed token out of the database: whoever comes second finds none. */
export async function takeToken(
  auth: AuthContext,
  sql: Sql,
  type: VerifyType,
  hashes: string[],
): Promise<MailedToken> {
  const [token] = await sql<MailedToken[]>`
    delete from auth.one_time_tokens
    where token_hash in ${sql(hashes)} and token_type::text in ${sql(tokenTypes[type])}
      and created_at > now() - make_interval(secs => ${auth.settings.otpExpirySeconds})
    returning *`
  if (!token) throw new AuthError(403, 'otp_expired', 'Email link is invalid or has expired')
  return token
}

/** The code of a `reauthenticate` mail. @throws AuthError when it is wrong, used or old. */
export async function takeNonce(auth: AuthContext, sql: Sql, user: User, nonce: string) {
  const [token] = await sql`
    delete from auth.one_time_tokens
    where user_id = ${user.id} and token_type = 'reauthentication_token'
      and token_hash = ${tokenHash(user.email, nonce)}
      and created_at > now() - make_interval(secs => ${auth.settings.otpExpirySeconds})
    returning id`
  if (!token)
    throw new AuthError(422, 'reauthentication_not_valid', 'Nonce has expired or is invalid')
}

/** Both hashes a typed code can stand for: with and without a PKCE flow behind it. */
export const hashesOfCode = (email: string, code: string) => {
  const hash = tokenHash(email, code)
  return [hash, pkcePrefix + hash]
}
