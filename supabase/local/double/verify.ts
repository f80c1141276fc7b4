// /verify: what a mailed link opens in the browser (GET), or the app asks with a code (POST).
import { Hono } from 'hono'
import { z } from 'zod'
import { AuthError, errorRedirect } from './auth-error.ts'
import { type AuthContext, readBody } from './context.ts'
import { flowOfMail, issueCode } from './flows.ts'
import {
  hashesOfCode,
  isPkce,
  type MailedToken,
  takeToken,
  type VerifyType,
} from './mailed-tokens.ts'
import { type SignInMethod, signIn } from './sessions.ts'
import { allowedRedirect } from './settings.ts'
import { json, type Sql, type User, userByEmail, userById } from './users.ts'

const Verify = z.union([
  z.strictObject({
    type: z.string(),
    token_hash: z.string(),
    gotrue_meta_security: z.object({}).optional(),
  }),
  z.strictObject({
    type: z.string(),
    email: z.string(),
    token: z.string(),
    gotrue_meta_security: z.object({}).optional(),
  }),
])

const halfWay = 'Confirmation link accepted. Please proceed to confirm link sent to the other email'

export function verifyRoutes(auth: AuthContext): Hono {
  const app = new Hono()

  app.get('/verify', async c => {
    const to = allowedRedirect(auth.settings, c.req.query('redirect_to'))
    try {
      const type = verifyType(c.req.query('type'))
      const hash = c.req.query('token') ?? ''
      const agent = c.req.header('user-agent')
      const address = await auth.sql.begin(sql => openLink(auth, sql, type, hash, to, agent))
      return c.redirect(address as string, 303)
    } catch (error) {
      if (!(error instanceof AuthError)) throw error
      return c.redirect(errorRedirect(to, error), 303)
    }
  })

  app.post('/verify', async c => {
    const body = await readBody(c, Verify)
    const type = verifyType(body.type)
    const hashes = 'token_hash' in body ? [body.token_hash] : hashesOfCode(body.email, body.token)
    const agent = c.req.header('user-agent')
    const answer = await auth.sql.begin(async sql => {
      const token = await takeToken(auth, sql, type, hashes)
      const user = await confirm(auth, sql, token)
      if (!user) return { msg: halfWay, code: '200' }
      return signIn(auth, sql, user, 'otp', agent)
    })
    return c.json(answer)
  })
  return app
}

function verifyType(type: string | undefined): VerifyType {
  if (type === 'email') return 'signup'
  if (type === 'signup' || type === 'recovery' || type === 'email_change') return type
  throw new AuthError(400, 'validation_failed', 'Verify requires a verification type')
}

/** How the session of a PKCE flow was begun; without one it is always `otp`. */
const flowMethod = (type: VerifyType): SignInMethod => (type === 'recovery' ? 'recovery' : 'otp')

/** The address a link leads to: with a code in a PKCE flow, with tokens otherwise. */
async function openLink(
  auth: AuthContext,
  sql: Sql,
  type: VerifyType,
  hash: string,
  redirectTo: string,
  agent: string | undefined,
): Promise<string> {
  const token = await takeToken(auth, sql, type, [hash])
  const user = await confirm(auth, sql, token)
  const to = new URL(redirectTo)
  if (!user) {
    to.hash = new URLSearchParams({ message: halfWay }).toString()
    if (isPkce(hash)) to.searchParams.set('message', halfWay)
  } else if (isPkce(hash)) {
    const flow = await flowOfMail(sql, user.id, flowMethod(type))
    to.searchParams.set('code', await issueCode(sql, flow, user.id))
  } else {
    const session = await signIn(auth, sql, user, 'otp', agent)
    to.hash = new URLSearchParams({
      access_token: session.access_token,
      expires_at: String(session.expires_at),
      expires_in: String(session.expires_in),
      refresh_token: session.refresh_token,
      token_type: 'bearer',
      type,
    }).toString()
  }
  return to.toString()
}

/** What the opened link proves. Undefined: one of two confirmations of a change of address. */
async function confirm(auth: AuthContext, sql: Sql, token: MailedToken): Promise<User | undefined> {
  const user = (await userById(sql, token.user_id))!
  if (token.token_type.startsWith('email_change')) {
    if (auth.settings.doubleConfirmChanges && user.email_change_confirm_status === 0) {
      await sql`update auth.users set email_change_confirm_status = 1 where id = ${user.id}`
      return undefined
    }
    return changeEmail(sql, user)
  }
  await sql`
    update auth.users set email_confirmed_at = coalesce(email_confirmed_at, now()),
      raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || '{"email_verified": true}',
      updated_at = now()
    where id = ${user.id}`
  await sql`
    update auth.identities set identity_data = identity_data || '{"email_verified": true}'
    where user_id = ${user.id} and provider = 'email'`
  return userById(sql, user.id)
}

async function changeEmail(sql: Sql, user: User): Promise<User | undefined> {
  const email = user.email_change
  const other = await userByEmail(sql, email)
  if (other && other.id !== user.id)
    throw new AuthError(
      422,
      'email_exists',
      'A user with this email address has already been registered',
    )
  await sql`
    update auth.users set email = ${email}, email_change = '', email_change_confirm_status = 0,
      email_confirmed_at = coalesce(email_confirmed_at, now()), updated_at = now()
    where id = ${user.id}`
  await sql`
    update auth.identities
    set identity_data = identity_data || ${json(sql, { email, email_verified: true })}
    where user_id = ${user.id} and provider = 'email'`
  await sql`delete from auth.one_time_tokens
    where user_id = ${user.id} and token_type::text like 'email_change%'`
  return userById(sql, user.id)
}
