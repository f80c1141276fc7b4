// The database alone: PostgreSQL, what the platform provides, our migrations. Tests of policies and
// functions need no more than this; the rest of the cloud is built on it (cloud.ts).
import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { applyMigrations, applyPlatform, pushMigrations } from './migrations.ts'
import { type Postgres, startPostgres, superuser, urlFor } from './postgres.ts'
import { databaseTemplate } from './template.ts'

type Sql = postgres.Sql
// biome-ignore lint/suspicious/noExplicitAny: the rows of whatever statement a test writes
type Rows = Record<string, any>[]

export interface LocalDatabase {
  /** Connects as `postgres`: owner of our schemas, no superuser, as on supabase.com. */
  url: string
  sql: Sql
  /** One statement in its own transaction under a role, with the claims PostgREST would set. */
  asAnon(text: string, parameters?: unknown[]): Promise<Rows>
  asUser(userId: string, text: string, parameters?: unknown[], claims?: object): Promise<Rows>
  asService(text: string, parameters?: unknown[]): Promise<Rows>
  /** A row in auth.users, as sign-up and verification leave it. */
  addUser(email: string, more?: { verified?: boolean }): Promise<string>
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface DatabaseOptions {
  port?: number
  /** Kept between starts. Migrations then go through the Supabase CLI, as on supabase.com. */
  dataDir?: string
  /** Also without a data folder: begin empty and let the Supabase CLI apply the migrations. */
  throughCli?: boolean
}

export async function startDatabase(options: DatabaseOptions = {}): Promise<LocalDatabase> {
  const { port, dataDir } = options
  const throughCli = options.throughCli || dataDir !== undefined
  const template = throughCli ? undefined : await databaseTemplate(buildTemplate)
  const server = await startPostgres({ port, dataDir, template })
  try {
    if (throughCli) {
      if (server.fresh) await applyPlatform(urlFor(server, superuser))
      await pushMigrations(urlFor(server, 'postgres'))
    }
    return openDatabase(server)
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** A stopped server's data folder with platform and migrations in it, for `copy` to take away. */
async function buildTemplate(copy: (data: string) => void) {
  const server = await startPostgres()
  try {
    await applyPlatform(urlFor(server, superuser))
    await applyMigrations(urlFor(server, 'postgres'))
    await server.halt()
    copy(server.data)
  } finally {
    await server.stop()
  }
}

function openDatabase(server: Postgres): LocalDatabase {
  const url = urlFor(server, 'postgres')
  const sql = postgres(url, { max: 8, onnotice: () => undefined })
  const as = (claims: Claims, text: string, parameters: unknown[] = []) =>
    underRole(sql, claims, tx => tx.unsafe(text, parameters as never[]))
  return {
    url,
    sql,
    asAnon: (text, parameters) => as({ role: 'anon' }, text, parameters),
    asUser: (sub, text, parameters, claims) =>
      as({ role: 'authenticated', sub, ...claims }, text, parameters),
    asService: (text, parameters) => as({ role: 'service_role' }, text, parameters),
    addUser: (email, more) => addUser(sql, email, more),
    restart: () => server.restart(),
    async stop() {
      await sql.end({ timeout: 1 })
      await server.stop()
    },
  }
}

export interface Claims {
  role: 'anon' | 'authenticated' | 'service_role'
  sub?: string
  [claim: string]: unknown
}

/** Runs `work` in a transaction as PostgREST does: the role, then the claims of its JWT. */
export function underRole<T>(
  sql: Sql,
  claims: Claims,
  work: (tx: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  return sql.begin(async tx => {
    await tx`select set_config('role', ${claims.role}, true),
      set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`
    return work(tx)
  }) as Promise<T>
}

async function addUser(
  sql: Sql,
  email: string,
  { verified = true }: { verified?: boolean } = {},
): Promise<string> {
  const id = randomUUID()
  const confirmed = verified ? new Date() : null
  await sql`
    insert into auth.users (id, aud, role, email, email_confirmed_at, raw_app_meta_data,
      raw_user_meta_data, created_at, updated_at)
    values (${id}, 'authenticated', 'authenticated', ${email.toLowerCase()}, ${confirmed},
      ${{ provider: 'email', providers: ['email'] } as never}, '{}', now(), now())`
  await sql`
    insert into auth.identities (provider_id, user_id, identity_data, provider, created_at,
      updated_at)
    values (${id}, ${id}, ${{ sub: id, email } as never}, 'email', now(), now())`
  return id
}
