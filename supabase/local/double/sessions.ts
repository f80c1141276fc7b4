// Sessions: an access token of an hour, a refresh token that is exchanged for the next one.
import { randomInt, randomUUID } from 'node:crypto'
import { AuthError } from './auth-error.ts'
import type { AuthContext } from './context.ts'
import { isBanned, type Sql, type User, userById, userJson } from './users.ts'

/** How somebody signed in; `/verify` of a sign-up or a change of address counts as `otp`. */
export type SignInMethod = 'password' | 'otp' | 'oauth' | 'recovery'

interface Session {
  id: string
  user_id: string
}

interface RefreshToken {
  token: string
  /** The token it was given in exchange for. */
  parent: string | null
  revoked: boolean
  /** Seconds since it was made or exchanged. */
  age: number
}

const tokenLetters = 'abcdefghijklmnopqrstuvwxyz234567'
const tokenLength = 12
const randomToken = () =>
  Array.from({ length: tokenLength }, () => tokenLetters[randomInt(tokenLetters.length)]).join('')

/** Begins a session and answers with its tokens. @throws AuthError for a banned user. */
export async function signIn(
  auth: AuthContext,
  sql: Sql,
  user: User,
  method: SignInMethod,
  agent: string | undefined,
) {
  if (isBanned(user)) throw new AuthError(400, 'user_banned', 'User is banned')
  const [session] = await sql<Session[]>`
    insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
    values (${randomUUID()}, ${user.id}, now(), now(), 'aal1', ${agent ?? null}, '127.0.0.1')
    returning *`
  await addMethod(sql, session!.id, method)
  await sql`update auth.users set last_sign_in_at = now() where id = ${user.id}`
  const token = await insertRefreshToken(sql, session!, null)
  return tokenResponse(auth, sql, session!, token)
}

/** Notes when this session last proved who it is: `amr` in its tokens. */
export async function addMethod(sql: Sql, sessionId: string, method: SignInMethod) {
  await sql`
    insert into auth.mfa_amr_claims (id, session_id, authentication_method, created_at, updated_at)
    values (${randomUUID()}, ${sessionId}, ${method}, now(), now())
    on conflict (session_id, authentication_method) do update set updated_at = now()`
}

/**
 * Exchanges a refresh token. A token that was exchanged before is answered with the present one if
 * it is its parent (the answer was lost) or the exchange is seconds old (two windows); otherwise
 * somebody copied it, and the whole session is revoked.
 */
export async function refresh(auth: AuthContext, sql: Sql, presented: string) {
  if (!/^[a-z2-7]{12}$/.test(presented))
    throw new AuthError(400, 'validation_failed', 'Refresh token is not valid')
  // The row lock makes two exchanges in one session come one after the other.
  const [session] = await sql<Session[]>`
    select s.id, s.user_id from auth.sessions s join auth.refresh_tokens t on t.session_id = s.id
    where t.token = ${presented} for update of s`
  if (!session) throw refreshError('refresh_token_not_found', 'Refresh Token Not Found')
  const user = (await userById(sql, session.user_id))!
  if (isBanned(user)) throw refreshError('user_banned', 'User Banned')
  const tokens = await sql<RefreshToken[]>`
    select token, parent, revoked, extract(epoch from now() - updated_at)::float8 as age
    from auth.refresh_tokens where session_id = ${session.id} order by id desc`
  const token = tokens.find(one => one.token === presented)!
  const active = tokens.find(one => !one.revoked)
  if (!token.revoked) {
    await sql`update auth.refresh_tokens set revoked = true, updated_at = now()
      where token = ${presented}`
    await sql`update auth.sessions set refreshed_at = now(), updated_at = now()
      where id = ${session.id}`
    const next = await insertRefreshToken(sql, session, presented)
    return tokenResponse(auth, sql, session, next)
  }
  const isParent = active?.parent === presented
  if (active && (isParent || token.age <= auth.settings.refreshReuseSeconds))
    return tokenResponse(auth, sql, session, active.token)
  // Outside of this transaction, which the error takes back.
  await auth.sql`update auth.refresh_tokens set revoked = true where session_id = ${session.id}`
  throw refreshError('refresh_token_already_used', 'Already Used')
}

const refreshError = (code: string, words: string) =>
  new AuthError(400, code, `Invalid Refresh Token: ${words}`)

async function insertRefreshToken(sql: Sql, session: Session, parent: string | null) {
  const token = randomToken()
  await sql`
    insert into auth.refresh_tokens (token, user_id, session_id, parent, revoked, created_at,
      updated_at)
    values (${token}, ${session.user_id}, ${session.id}, ${parent}, false, now(), now())`
  return token
}

async function tokenResponse(auth: AuthContext, sql: Sql, session: Session, refreshToken: string) {
  const user = (await userById(sql, session.user_id))!
  const methods = await sql<{ method: string; timestamp: number }[]>`
    select authentication_method as method, extract(epoch from updated_at)::int as timestamp
    from auth.mfa_amr_claims where session_id = ${session.id} order by updated_at desc`
  const claims = {
    aud: 'authenticated',
    sub: user.id,
    email: user.email,
    phone: '',
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    role: 'authenticated',
    aal: 'aal1',
    amr: [...methods],
    session_id: session.id,
    is_anonymous: false,
  }
  const life = auth.settings.jwtExpirySeconds
  return {
    access_token: await auth.keys.sign(claims, life),
    token_type: 'bearer',
    expires_in: life,
    expires_at: Math.floor(Date.now() / 1000) + life,
    refresh_token: refreshToken,
    user: await userJson(sql, user),
  }
}
