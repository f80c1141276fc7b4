// Sign-up, and the mails somebody without a session may ask for: confirm again, reset.
import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { z } from 'zod'
import { AuthError } from './auth-error.ts'
import { type AuthContext, readBody } from './context.ts'
import { beginFlow } from './flows.ts'
import { mailEmailChange, mailToken } from './mailed-tokens.ts'
import type { SignInMethod } from './sessions.ts'
import { allowedRedirect } from './settings.ts'
import {
  checkEmail,
  checkPassword,
  insertIdentity,
  insertUser,
  normalEmail,
  type User,
  userByEmail,
  userJson,
} from './users.ts'

/** Fields that supabase-js adds to what it sends. */
export const pkceFields = {
  gotrue_meta_security: z.object({ captcha_token: z.undefined().optional() }).optional(),
  code_challenge: z.string().nullish(),
  code_challenge_method: z.string().nullish(),
}

const SignUp = z.strictObject({
  email: z.string(),
  password: z.string().min(1, 'Signup requires a valid password'),
  data: z.record(z.string(), z.unknown()).nullish(),
  channel: z.string().optional(),
  ...pkceFields,
})
const Recover = z.strictObject({ email: z.string(), ...pkceFields })
const Resend = z.strictObject({
  type: z.enum(['signup', 'email_change']),
  email: z.string(),
  ...pkceFields,
})

interface Challenge {
  code_challenge?: string | null
  code_challenge_method?: string | null
}

/** Notes the challenge of a mail that is about to go out; says whether there is one. */
export async function noteChallenge(
  auth: AuthContext,
  user: User,
  signIn: SignInMethod,
  body: Challenge,
): Promise<boolean> {
  if (!body.code_challenge) return false
  const method = body.code_challenge_method ?? ''
  if (!/^(s256|plain)$/i.test(method))
    throw new AuthError(400, 'validation_failed', 'code challenge method must be s256 or plain')
  const challenge = body.code_challenge
  await beginFlow(auth.sql, { challenge, method, provider: 'email', signIn, userId: user.id })
  return true
}

export function signUpRoutes(auth: AuthContext): Hono {
  const { sql, settings } = auth
  const app = new Hono()

  app.post('/signup', async c => {
    const body = await readBody(c, SignUp)
    checkEmail(body.email)
    checkPassword(settings, body.password)
    const redirectTo = allowedRedirect(settings, c.req.query('redirect_to'))
    const existing = await userByEmail(sql, body.email)
    if (existing?.email_confirmed_at) return c.json(await obfuscated(auth, existing))
    const user = existing ?? (await addUnconfirmed(auth, body))
    const pkce = await noteChallenge(auth, user, 'otp', body)
    await mailToken(auth, user, 'signup', { redirectTo, pkce })
    return c.json({ ...(await userJson(sql, user)), confirmation_sent_at: new Date() })
  })

  // Nobody learns from these whether an address has an account.
  app.post('/recover', async c => {
    const body = await readBody(c, Recover)
    checkEmail(body.email)
    const user = await userByEmail(sql, body.email)
    if (!user) return c.json({})
    const redirectTo = allowedRedirect(settings, c.req.query('redirect_to'))
    const pkce = await noteChallenge(auth, user, 'recovery', body)
    await mailToken(auth, user, 'recovery', { redirectTo, pkce })
    return c.json({})
  })

  app.post('/resend', async c => {
    const body = await readBody(c, Resend)
    checkEmail(body.email)
    const user = await userByEmail(sql, body.email)
    const redirectTo = allowedRedirect(settings, c.req.query('redirect_to'))
    if (!user) return c.json({})
    if (body.type === 'signup' && !user.email_confirmed_at) {
      const pkce = await noteChallenge(auth, user, 'otp', body)
      await mailToken(auth, user, 'signup', { redirectTo, pkce })
    }
    if (body.type === 'email_change' && user.email_change)
      await mailEmailChange(auth, user, user.email_change, { redirectTo, pkce: false })
    return c.json({})
  })

  return app
}

async function addUnconfirmed(auth: AuthContext, body: z.infer<typeof SignUp>): Promise<User> {
  const { email, password, data } = body
  return auth.sql.begin(async sql => {
    const user = await insertUser(sql, { email, password, provider: 'email', data: data ?? {} })
    const claims = { sub: user.id, email: normalEmail(email), email_verified: false }
    await insertIdentity(sql, user, 'email', user.id, { ...claims, phone_verified: false })
    return user
  }) as Promise<User>
}

/** For an address that has an account: looks like a new user, with no identity and no mail. */
async function obfuscated(auth: AuthContext, user: User) {
  const now = new Date()
  const { email } = user
  const shown = await userJson(auth.sql, {
    ...user,
    id: randomUUID(),
    raw_app_meta_data: { provider: 'email', providers: ['email'] },
    raw_user_meta_data: {},
    created_at: now,
    updated_at: now,
    last_sign_in_at: null,
    email_confirmed_at: null,
    recovery_sent_at: null,
    email_change: '',
    banned_until: null,
  })
  return { ...shown, email, role: '', confirmation_sent_at: now, identities: [] }
}
