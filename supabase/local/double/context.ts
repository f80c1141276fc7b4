import type { Context } from 'hono'
import type postgres from 'postgres'
import type { z } from 'zod'
import { AuthError, UnknownToDouble } from './auth-error.ts'
import type { EmailHookPayload } from './email-hook.ts'
import type { AuthSettings } from './settings.ts'
import type { AccessClaims, SigningKeys } from './tokens.ts'
import { type User, userById } from './users.ts'

/** What every part of Auth works with. */
export interface AuthContext {
  /** As supabase_auth_admin, the owner of schema `auth`. */
  sql: postgres.Sql
  /** `http://127.0.0.1:1234/auth/v1` */
  url: string
  settings: AuthSettings
  keys: SigningKeys
  sendEmail(payload: EmailHookPayload): Promise<void>
  google?: { issuer: string; clientId: string; clientSecret: string }
}

/**
 * The request's JSON, which must have the schema's fields and no other.
 * @throws AuthError for a wrong value, UnknownToDouble for a field that is not in the schema.
 */
export async function readBody<T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> {
  let body: unknown
  try {
    body = await c.req.json()
  } catch {
    throw new AuthError(400, 'bad_json', 'Could not read request body as JSON')
  }
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  if (issue.code === 'unrecognized_keys')
    throw new UnknownToDouble(`${issue.keys.join(', ')} in the body of ${c.req.path}`)
  const place = issue.path.join('.')
  throw new AuthError(400, 'validation_failed', `${place}: ${issue.message}`)
}

export interface SignedIn {
  user: User
  claims: AccessClaims
}

/** Who asks. @throws AuthError 401 or 403 as GoTrue does. */
export async function requireUser(auth: AuthContext, c: Context): Promise<SignedIn> {
  const token = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  if (!token || token.startsWith('sb_'))
    throw new AuthError(401, 'no_authorization', 'This endpoint requires a valid Bearer token')
  let claims: AccessClaims
  try {
    claims = await auth.keys.verify(token)
  } catch (error) {
    const why = (error as Error).message
    const message = `invalid JWT: unable to parse or verify signature, ${why}`
    throw new AuthError(403, 'bad_jwt', message)
  }
  const user = await userById(auth.sql, claims.sub)
  if (!user) throw new AuthError(403, 'user_not_found', 'User from sub claim in JWT does not exist')
  const [session] = await auth.sql`select id from auth.sessions where id = ${claims.session_id}`
  if (!session)
    throw new AuthError(
      403,
      'session_not_found',
      'Session from session_id claim in JWT does not exist',
    )
  return { user, claims }
}
