// Auth's admin door: only for the secret key. What our functions and operators use of it.
import { Hono } from 'hono'
import { z } from 'zod'
import { AuthError, UnknownToDouble } from './auth-error.ts'
import { type AuthContext, readBody } from './context.ts'
import {
  checkEmail,
  checkPassword,
  hashPassword,
  insertIdentity,
  insertUser,
  json,
  normalEmail,
  type Sql,
  type User,
  userByEmail,
  userById,
  userJson,
} from './users.ts'

const attributes = {
  email: z.string().optional(),
  password: z.string().optional(),
  email_confirm: z.boolean().optional(),
  user_metadata: z.record(z.string(), z.unknown()).optional(),
  app_metadata: z.record(z.string(), z.unknown()).optional(),
  ban_duration: z.string().optional(),
}
const Create = z.strictObject({ ...attributes, email: z.string() })
const Update = z.strictObject(attributes)
const Delete = z.strictObject({ should_soft_delete: z.literal(false).optional() })

export function adminRoutes(
  auth: AuthContext,
  isSecret: (key: string | undefined) => boolean,
): Hono {
  const { sql, settings } = auth
  const app = new Hono()
  app.use(async (c, next) => {
    if (!isSecret(c.req.header('apikey'))) throw new AuthError(403, 'not_admin', 'User not allowed')
    await next()
  })

  app.get('/users', async c => {
    const page = Number(c.req.query('page') || 1)
    const size = Number(c.req.query('per_page') || 50)
    const users = await sql<User[]>`
      select * from auth.users order by created_at desc limit ${size} offset ${(page - 1) * size}`
    const [all] = await sql`select count(*) as total from auth.users`
    c.header('x-total-count', String(all!.total))
    return c.json({
      users: await Promise.all(users.map(user => userJson(sql, user))),
      aud: 'authenticated',
    })
  })

  app.post('/users', async c => {
    const body = await readBody(c, Create)
    checkEmail(body.email)
    if (body.password !== undefined) checkPassword(settings, body.password)
    if (await userByEmail(sql, body.email))
      throw new AuthError(
        422,
        'email_exists',
        'A user with this email address has already been registered',
      )
    const user = await sql.begin(async tx => {
      const { email, password, email_confirm, user_metadata } = body
      const created = await insertUser(tx, {
        email,
        password,
        confirmed: email_confirm ?? false,
        provider: 'email',
        data: user_metadata ?? {},
      })
      const claims = { sub: created.id, email: normalEmail(email) }
      await insertIdentity(tx, created, 'email', created.id, claims)
      await change(auth, tx, created.id, { app_metadata: body.app_metadata })
      return (await userById(tx, created.id))!
    })
    return c.json(await userJson(sql, user))
  })

  app.get('/users/:id', async c => c.json(await userJson(sql, await find(auth, c.req.param('id')))))

  app.put('/users/:id', async c => {
    const { id } = await find(auth, c.req.param('id'))
    const body = await readBody(c, Update)
    await sql.begin(tx => change(auth, tx, id, body))
    return c.json(await userJson(sql, (await userById(sql, id))!))
  })

  app.delete('/users/:id', async c => {
    const { id } = await find(auth, c.req.param('id'))
    if (c.req.header('content-length') !== '0') await readBody(c, Delete)
    await sql`delete from auth.users where id = ${id}`
    return c.json({})
  })
  return app
}

async function find(auth: AuthContext, id: string): Promise<User> {
  const user = /^[0-9a-f-]{36}$/i.test(id) ? await userById(auth.sql, id) : undefined
  if (!user) throw new AuthError(404, 'user_not_found', 'User not found')
  return user
}

async function change(auth: AuthContext, sql: Sql, id: string, body: z.infer<typeof Update>) {
  if (body.password !== undefined) {
    checkPassword(auth.settings, body.password)
    const hash = await hashPassword(body.password)
    await sql`update auth.users set encrypted_password = ${hash} where id = ${id}`
    await sql`delete from auth.sessions where user_id = ${id}`
  }
  if (body.email !== undefined) {
    checkEmail(body.email)
    const email = normalEmail(body.email)
    await sql`update auth.users set email = ${email} where id = ${id}`
  }
  if (body.email_confirm)
    await sql`update auth.users set email_confirmed_at = now() where id = ${id}`
  if (body.user_metadata)
    await sql`update auth.users set raw_user_meta_data =
      coalesce(raw_user_meta_data, '{}') || ${json(sql, body.user_metadata)} where id = ${id}`
  if (body.app_metadata)
    await sql`update auth.users set raw_app_meta_data =
      coalesce(raw_app_meta_data, '{}') || ${json(sql, body.app_metadata)} where id = ${id}`
  if (body.ban_duration !== undefined) {
    const until = banEnd(body.ban_duration)
    await sql`update auth.users set banned_until = ${until} where id = ${id}`
  }
}

/** Go's duration in hours, or `none` to lift the ban. */
function banEnd(duration: string): Date | null {
  if (duration === 'none') return null
  const hours = /^(\d+)h$/.exec(duration)?.[1]
  if (!hours) throw new UnknownToDouble(`the ban_duration ${duration}`)
  return new Date(Date.now() + Number(hours) * 3_600_000)
}
