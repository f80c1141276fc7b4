// People in auth.users and auth.identities, and how Auth shows them.
import { randomUUID } from 'node:crypto'
import bcrypt from 'bcryptjs'
import type postgres from 'postgres'
import { AuthError } from './auth-error.ts'
import type { AuthSettings } from './settings.ts'

export type Sql = postgres.Sql | postgres.TransactionSql

/** A row of auth.users, as far as this code reads it. */
export interface User {
  id: string
  email: string
  encrypted_password: string | null
  email_confirmed_at: Date | null
  email_change: string
  email_change_confirm_status: number
  confirmation_sent_at: Date | null
  recovery_sent_at: Date | null
  email_change_sent_at: Date | null
  reauthentication_sent_at: Date | null
  banned_until: Date | null
  last_sign_in_at: Date | null
  raw_app_meta_data: Record<string, unknown> | null
  raw_user_meta_data: Record<string, unknown> | null
  created_at: Date
  updated_at: Date
}

export interface NewUser {
  email: string
  password?: string
  confirmed?: boolean
  provider: 'email' | 'google'
  data?: object
}

/** bcrypt's cheapest: the hosted service takes 10, which is 60 times the work for a test. */
const bcryptRounds = 4
const bcryptBytesMax = 72

export const normalEmail = (email: string) => email.trim().toLowerCase()

export async function userById(sql: Sql, id: string): Promise<User | undefined> {
  const [user] = await sql<User[]>`select * from auth.users where id = ${id}`
  return user
}

export async function userByEmail(sql: Sql, email: string): Promise<User | undefined> {
  const [user] = await sql<User[]>`select * from auth.users where email = ${normalEmail(email)}`
  return user
}

export async function insertUser(sql: Sql, user: NewUser): Promise<User> {
  const password = user.password === undefined ? null : await hashPassword(user.password)
  const appData = { provider: user.provider, providers: [user.provider] }
  const [row] = await sql<User[]>`
    insert into auth.users (instance_id, id, aud, role, email, encrypted_password,
      email_confirmed_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
    values ('00000000-0000-0000-0000-000000000000', ${randomUUID()}, 'authenticated',
      'authenticated', ${normalEmail(user.email)}, ${password},
      ${user.confirmed ? new Date() : null}, ${json(sql, appData)}, ${json(sql, user.data ?? {})},
      now(), now())
    returning *`
  return row!
}

/** A way of signing in: `email` under the user's own id, `google` under Google's. */
export async function insertIdentity(
  sql: Sql,
  user: User,
  provider: string,
  providerId: string,
  data: object,
) {
  await sql`
    insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at,
      created_at, updated_at)
    values (${providerId}, ${user.id}, ${json(sql, data)}, ${provider}, now(), now(), now())`
  await refreshProviders(sql, user.id)
}

/** Keeps `app_metadata.providers` as the identities are. */
export async function refreshProviders(sql: Sql, userId: string) {
  await sql`
    update auth.users set updated_at = now(), raw_app_meta_data =
      coalesce(raw_app_meta_data, '{}') || (
        select jsonb_build_object('provider', (array_agg(provider order by created_at))[1],
          'providers', jsonb_agg(provider order by created_at))
        from auth.identities where user_id = ${userId})
    where id = ${userId}`
}

export const isBanned = (user: User) => user.banned_until !== null && user.banned_until > new Date()

export const hashPassword = (password: string) => bcrypt.hash(password, bcryptRounds)

export const passwordFits = async (user: User, password: string) =>
  user.encrypted_password !== null && (await bcrypt.compare(password, user.encrypted_password))

/** @throws AuthError `weak_password` or `validation_failed`. */
export function checkPassword(settings: AuthSettings, password: string) {
  if (Buffer.byteLength(password) > bcryptBytesMax)
    throw new AuthError(
      400,
      'validation_failed',
      `Password cannot be longer than ${bcryptBytesMax} characters`,
    )
  if (password.length >= settings.passwordLengthMin) return
  const message = `Password should be at least ${settings.passwordLengthMin} characters.`
  const more = { weak_password: { message, reasons: ['length'] } }
  throw new AuthError(422, 'weak_password', message, more)
}

/** @throws AuthError for what no mail could reach. */
export function checkEmail(email: string) {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email))
    throw new AuthError(
      400,
      'validation_failed',
      'Unable to validate email address: invalid format',
    )
}

/** The user as answers carry it. */
export async function userJson(sql: Sql, user: User) {
  const identities = await sql`
    select id as identity_id, provider_id as id, user_id, identity_data, provider,
      last_sign_in_at, created_at, updated_at, email
    from auth.identities where user_id = ${user.id} order by created_at`
  return {
    id: user.id,
    aud: 'authenticated',
    role: 'authenticated',
    email: user.email,
    email_confirmed_at: user.email_confirmed_at ?? undefined,
    phone: '',
    confirmation_sent_at: user.confirmation_sent_at ?? undefined,
    confirmed_at: user.email_confirmed_at ?? undefined,
    recovery_sent_at: user.recovery_sent_at ?? undefined,
    new_email: user.email_change || undefined,
    email_change_sent_at: user.email_change_sent_at ?? undefined,
    reauthentication_sent_at: user.reauthentication_sent_at ?? undefined,
    last_sign_in_at: user.last_sign_in_at ?? undefined,
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    identities: [...identities],
    banned_until: user.banned_until ?? undefined,
    created_at: user.created_at,
    updated_at: user.updated_at,
    is_anonymous: false,
  }
}

/** A jsonb parameter. */
export const json = (sql: Sql, value: object) => sql.json(value as postgres.JSONValue)
