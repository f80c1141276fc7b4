// What a signed-in person may do with their own sign-in: read, change, sign out.
import { Hono } from 'hono'
import { z } from 'zod'
import { AuthError } from './auth-error.ts'
import { type AuthContext, readBody, requireUser, type SignedIn } from './context.ts'
import { mailEmailChange, mailToken, takeNonce } from './mailed-tokens.ts'
import { allowedRedirect } from './settings.ts'
import { noteChallenge } from './sign-up.ts'
import {
  checkEmail,
  checkPassword,
  hashPassword,
  json,
  normalEmail,
  passwordFits,
  refreshProviders,
  userByEmail,
  userById,
  userJson,
} from './users.ts'

const Change = z.strictObject({
  email: z.string().optional(),
  password: z.string().optional(),
  nonce: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  code_challenge: z.string().nullish(),
  code_challenge_method: z.string().nullish(),
})

export function userRoutes(auth: AuthContext): Hono {
  const { sql, settings } = auth
  const app = new Hono()

  app.get('/user', async c => {
    const { user } = await requireUser(auth, c)
    return c.json(await userJson(sql, user))
  })

  app.put('/user', async c => {
    const who = await requireUser(auth, c)
    const body = await readBody(c, Change)
    if (body.password !== undefined) await changePassword(auth, who, body.password, body.nonce)
    if (body.data)
      await sql`
        update auth.users set updated_at = now(),
          raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || ${json(sql, body.data)}
        where id = ${who.user.id}`
    const email = body.email === undefined ? who.user.email : normalEmail(body.email)
    if (email !== who.user.email) {
      checkEmail(email)
      if (await userByEmail(sql, email))
        throw new AuthError(
          422,
          'email_exists',
          'A user with this email address has already been registered',
        )
      const redirectTo = allowedRedirect(settings, c.req.query('redirect_to'))
      const pkce = await noteChallenge(auth, who.user, 'otp', body)
      await mailEmailChange(auth, who.user, email, { redirectTo, pkce })
    }
    return c.json(await userJson(sql, (await userById(sql, who.user.id))!))
  })

  app.get('/reauthenticate', async c => {
    const { user } = await requireUser(auth, c)
    await mailToken(auth, user, 'reauthentication', { redirectTo: settings.siteUrl, pkce: false })
    return c.json({})
  })

  app.post('/logout', async c => {
    const { user, claims } = await requireUser(auth, c)
    const mine = sql`user_id = ${user.id}`
    const scopes: Record<string, typeof mine> = {
      global: mine,
      local: sql`id = ${claims.session_id}`,
      others: sql`${mine} and id <> ${claims.session_id}`,
    }
    const scope = scopes[c.req.query('scope') ?? 'global']
    if (!scope)
      throw new AuthError(
        400,
        'validation_failed',
        `Unsupported logout scope "${c.req.query('scope')}"`,
      )
    await sql`delete from auth.sessions where ${scope}`
    return c.body(null, 204)
  })

  app.delete('/user/identities/:id', async c => {
    const { user } = await requireUser(auth, c)
    const identities = await sql`select id from auth.identities where user_id = ${user.id}`
    if (!identities.some(({ id }) => id === c.req.param('id')))
      throw new AuthError(422, 'identity_not_found', "Identity doesn't exist")
    if (identities.length < 2)
      throw new AuthError(
        422,
        'single_identity_not_deletable',
        'User must have at least 1 identity after unlinking',
      )
    await sql`delete from auth.identities where id = ${c.req.param('id')}`
    await refreshProviders(sql, user.id)
    return c.json({})
  })

  app.get('/user/identities/authorize', async c => {
    await requireUser(auth, c)
    throw new AuthError(404, 'manual_linking_disabled', 'Manual linking is disabled')
  })
  return app
}

/** A new password ends every other session: whoever knew the old one is out. */
async function changePassword(
  auth: AuthContext,
  { user, claims }: SignedIn,
  password: string,
  nonce: string | undefined,
) {
  const { sql, settings } = auth
  checkPassword(settings, password)
  if (await passwordFits(user, password))
    throw new AuthError(
      422,
      'same_password',
      'New password should be different from the old password.',
    )
  const [session] = await sql`
    select created_at < now() - make_interval(secs => ${settings.secureChangeSeconds}) as old
    from auth.sessions where id = ${claims.session_id}`
  if (session?.old) {
    if (!nonce)
      throw new AuthError(
        400,
        'reauthentication_needed',
        'Password update requires reauthentication',
      )
    await takeNonce(auth, sql, user, nonce)
  }
  await sql`
    update auth.users set encrypted_password = ${await hashPassword(password)}, updated_at = now()
    where id = ${user.id}`
  await sql`delete from auth.sessions where user_id = ${user.id} and id <> ${claims.session_id}`
}
