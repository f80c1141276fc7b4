// "Continue with Google": /authorize sends the browser to the provider, /callback takes it back.
import { Hono } from 'hono'
import * as jose from 'jose'
import { AuthError, errorRedirect, UnknownToDouble } from './auth-error.ts'
import type { AuthContext } from './context.ts'
import { beginFlow, type Flow, flowById, issueCode } from './flows.ts'
import { allowedRedirect } from './settings.ts'
import {
  insertIdentity,
  insertUser,
  isBanned,
  type Sql,
  type User,
  userByEmail,
  userById,
} from './users.ts'

interface Discovery {
  authorization_endpoint: string
  token_endpoint: string
  jwks_uri: string
}

interface GoogleClaims {
  sub: string
  email: string
  email_verified: boolean
  name?: string
  picture?: string
}

const stateLifeSeconds = 300

export function googleRoutes(auth: AuthContext): Hono {
  const app = new Hono()
  const callback = `${auth.url}/callback`

  app.get('/authorize', async c => {
    const { provider, redirect_to, code_challenge, code_challenge_method } = c.req.query()
    if (provider !== 'google' || !auth.google)
      throw new AuthError(400, 'validation_failed', 'Unsupported provider: provider is not enabled')
    if (!code_challenge) throw new UnknownToDouble('the implicit flow (no code_challenge)')
    const method = code_challenge_method ?? 'plain'
    const challenge = { challenge: code_challenge, method, provider, signIn: 'oauth' as const }
    const flow = await beginFlow(auth.sql, challenge)
    const redirectTo = allowedRedirect(auth.settings, redirect_to)
    const { authorization_endpoint } = await discover(auth)
    const query = new URLSearchParams({
      client_id: auth.google.clientId,
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid email profile',
      state: await auth.keys.sign({ sub: flow, redirect_to: redirectTo }, stateLifeSeconds),
    })
    return c.redirect(`${authorization_endpoint}?${query}`, 302)
  })

  app.get('/callback', async c => {
    const state = await auth.keys.verify(c.req.query('state') ?? '').catch(() => {
      throw new AuthError(400, 'bad_oauth_state', 'OAuth callback with invalid state')
    })
    const redirectTo = String(state.redirect_to)
    try {
      const refusal = c.req.query('error')
      if (refusal)
        throw new AuthError(400, refusal, c.req.query('error_description') ?? 'Access was refused')
      const flow = await flowById(auth.sql, state.sub)
      if (!flow) throw new AuthError(400, 'bad_oauth_state', 'OAuth state not found or expired')
      const claims = await exchange(auth, c.req.query('code') ?? '', callback)
      const code = await auth.sql.begin(sql => acceptGoogleUser(sql, flow, claims))
      const to = new URL(redirectTo)
      to.searchParams.set('code', code as string)
      return c.redirect(to.toString(), 302)
    } catch (error) {
      if (!(error instanceof AuthError)) throw error
      return c.redirect(errorRedirect(redirectTo, error), 302)
    }
  })
  return app
}

async function discover(auth: AuthContext): Promise<Discovery> {
  const response = await fetch(`${auth.google!.issuer}/.well-known/openid-configuration`)
  return (await response.json()) as Discovery
}

/** The provider's code for an id token, whose signature, issuer and audience are checked. */
async function exchange(auth: AuthContext, code: string, callback: string): Promise<GoogleClaims> {
  const { issuer, clientId, clientSecret } = auth.google!
  const { token_endpoint, jwks_uri } = await discover(auth)
  const response = await fetch(token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
      client_id: clientId,
      client_secret: clientSecret,
    }),
  })
  if (!response.ok)
    throw new AuthError(500, 'unexpected_failure', 'Unable to exchange external code')
  const { id_token } = (await response.json()) as { id_token: string }
  const keys = jose.createRemoteJWKSet(new URL(jwks_uri))
  const { payload } = await jose.jwtVerify(id_token, keys, { issuer, audience: clientId })
  return payload as unknown as GoogleClaims
}

/** The person behind Google's claims: known, known by the same verified address, or new. */
async function acceptGoogleUser(sql: Sql, flow: Flow, claims: GoogleClaims): Promise<string> {
  if (!claims.email_verified)
    throw new UnknownToDouble('Google accounts with an unverified address')
  const [identity] = await sql<{ user_id: string }[]>`
    select user_id from auth.identities where provider = 'google' and provider_id = ${claims.sub}`
  const user = identity ? (await userById(sql, identity.user_id))! : await linkOrInsert(sql, claims)
  if (isBanned(user)) throw new AuthError(403, 'user_banned', 'User is banned')
  return issueCode(sql, flow, user.id)
}

async function linkOrInsert(sql: Sql, claims: GoogleClaims): Promise<User> {
  const { sub, email, name, picture } = claims
  const shown = { email, email_verified: true, full_name: name, name, avatar_url: picture }
  const data = { iss: 'https://accounts.google.com', provider_id: sub, sub, ...shown, picture }
  let user = await userByEmail(sql, email)
  // Somebody may have signed up with an address that is not theirs: what they set goes.
  if (user && !user.email_confirmed_at) {
    await sql`delete from auth.identities where user_id = ${user.id}`
    await sql`delete from auth.one_time_tokens where user_id = ${user.id}`
    await sql`update auth.users set encrypted_password = null, email_confirmed_at = now(),
      raw_user_meta_data = '{}' where id = ${user.id}`
  }
  user ??= await insertUser(sql, { email, provider: 'google', confirmed: true, data })
  await insertIdentity(sql, user, 'google', sub, data)
  return user
}
