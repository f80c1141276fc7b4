// POST /token: a session for a password, for a refresh token, or for the code of a PKCE flow.
import { Hono } from 'hono'
import { z } from 'zod'
import { AuthError, UnknownToDouble } from './auth-error.ts'
import { type AuthContext, readBody } from './context.ts'
import { spendCode } from './flows.ts'
import { refresh, signIn } from './sessions.ts'
import { pkceFields } from './sign-up.ts'
import { isBanned, passwordFits, userByEmail, userById } from './users.ts'

const Password = z.strictObject({
  email: z.string(),
  password: z.string(),
  gotrue_meta_security: pkceFields.gotrue_meta_security,
})
const Refresh = z.strictObject({ refresh_token: z.string() })
const Code = z.strictObject({ auth_code: z.string(), code_verifier: z.string() })

export function tokenRoutes(auth: AuthContext): Hono {
  const app = new Hono()
  app.post('/token', async c => {
    const agent = c.req.header('user-agent')
    switch (c.req.query('grant_type')) {
      case 'password': {
        const { email, password } = await readBody(c, Password)
        const user = await userWithPassword(auth, email, password)
        return c.json(await auth.sql.begin(sql => signIn(auth, sql, user, 'password', agent)))
      }
      case 'refresh_token': {
        const { refresh_token } = await readBody(c, Refresh)
        return c.json(await auth.sql.begin(sql => refresh(auth, sql, refresh_token)))
      }
      case 'pkce': {
        const body = await readBody(c, Code)
        if (!body.auth_code || !body.code_verifier)
          throw new AuthError(
            400,
            'validation_failed',
            'invalid request: both auth code and code verifier should be non-empty',
          )
        const session = await auth.sql.begin(async sql => {
          const flow = await spendCode(sql, body.auth_code, body.code_verifier)
          const user = (await userById(sql, flow.user_id!))!
          return signIn(auth, sql, user, flow.authentication_method, agent)
        })
        return c.json(session)
      }
      default:
        throw new UnknownToDouble(`grant_type=${c.req.query('grant_type')}`)
    }
  })
  return app
}

/** @throws AuthError that does not tell an unknown address from a wrong password. */
async function userWithPassword(auth: AuthContext, email: string, password: string) {
  const wrong = new AuthError(400, 'invalid_credentials', 'Invalid login credentials')
  const user = await userByEmail(auth.sql, email)
  if (!user?.encrypted_password) throw wrong
  if (isBanned(user)) throw new AuthError(400, 'user_banned', 'User is banned')
  if (!(await passwordFits(user, password))) throw wrong
  if (!user.email_confirmed_at)
    throw new AuthError(400, 'email_not_confirmed', 'Email not confirmed')
  return user
}
