// The double of the Data API (PostgREST): what this product uses of it, under the real roles and
// policies. One transaction a request, with the caller's role and claims set in it.
import { type Context, Hono } from 'hono'
import * as jose from 'jose'
import type postgres from 'postgres'
import { type Claims, underRole } from '../database.ts'
import { UnknownToDouble } from './auth-error.ts'
import { findRoutine, findTable, quoted, type Routine } from './columns.ts'
import { DataError, dataErrorResponse } from './data-error.ts'
import {
  type Answer,
  answerResponse,
  deleteRows,
  insertRows,
  preferences,
  readRows,
  updateRows,
} from './rows.ts'
import type { SigningKeys } from './tokens.ts'

export interface DataContext {
  /** As authenticator, which may become anon, authenticated and service_role, and nothing else. */
  sql: postgres.Sql
  keys: SigningKeys
  isSecret(key: string | undefined): boolean
}

type Env = { Variables: { claims: Claims } }

export function dataApp(data: DataContext): Hono<Env> {
  const app = new Hono<Env>()
  app.onError((error, c) => dataErrorResponse(c, error, c.var.claims?.role ?? 'anon'))
  app.use(async (c, next) => {
    c.set('claims', await claimsOf(data, c))
    await next()
  })
  app.on(['GET', 'POST'], '/rpc/:name', c => callRoutine(data, c))
  app.on(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'], '/:table', c => useTable(data, c))
  app.all('*', c => {
    throw new UnknownToDouble(`${c.req.method} ${c.req.path}`)
  })
  return app
}

/** The role of a request: its access token's, otherwise its key's. */
async function claimsOf(data: DataContext, c: Context): Promise<Claims> {
  const key = c.req.header('apikey')
  const bearer = /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  if (!bearer || bearer === key) return { role: data.isSecret(key) ? 'service_role' : 'anon' }
  try {
    return (await data.keys.verify(bearer)) as unknown as Claims
  } catch (error) {
    if (error instanceof jose.errors.JWTExpired) throw new DataError(401, 'PGRST303', 'JWT expired')
    throw new DataError(401, 'PGRST301', (error as Error).message)
  }
}

async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text()
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    throw new DataError(400, 'PGRST102', 'Empty or invalid json')
  }
}

/** Runs `work` as the caller; a reading method cannot write. */
function asCaller<T>(
  data: DataContext,
  c: Context<Env>,
  work: (tx: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  const readOnly = c.req.method === 'GET' || c.req.method === 'HEAD'
  const headers = JSON.stringify(Object.fromEntries(c.req.raw.headers))
  return underRole(data.sql, c.var.claims, async tx => {
    await tx`select set_config('request.method', ${c.req.method}, true),
      set_config('request.path', ${c.req.path}, true),
      set_config('request.headers', ${headers}, true)`
    if (readOnly) await tx`set transaction read only`
    return work(tx)
  })
}

async function useTable(data: DataContext, c: Context<Env>): Promise<Response> {
  const table = await findTable(data.sql, c.req.param('table')!)
  const query = new URL(c.req.url).searchParams
  const prefer = preferences(c.req.header('prefer'))
  const { method } = c.req
  const body = method === 'POST' || method === 'PATCH' ? await readJson(c) : undefined
  const status = method === 'POST' ? 201 : 200
  return asCaller(data, c, async tx => {
    const answer = await (method === 'POST'
      ? insertRows(tx, table, query, prefer, body)
      : method === 'PATCH'
        ? updateRows(tx, table, query, prefer, body)
        : method === 'DELETE'
          ? deleteRows(tx, table, query, prefer)
          : readRows(tx, table, query, prefer))
    // Inside the transaction: `.single()` on two rows takes the change back.
    return answerResponse(c, answer, status)
  })
}

async function callRoutine(data: DataContext, c: Context<Env>): Promise<Response> {
  const { method } = c.req
  const query = new URL(c.req.url).searchParams
  const body = (method === 'GET' ? Object.fromEntries(query) : await readJson(c)) as object
  if (method === 'POST' && [...query].length) throw new UnknownToDouble(`rpc with ?${query}`)
  const routine = await findRoutine(data.sql, c.req.param('name')!, Object.keys(body))
  if (method === 'GET' && routine.volatile)
    throw new DataError(405, '25006', `cannot execute ${routine.name} in a read-only transaction`)
  return asCaller(data, c, async tx => {
    const [row] = await tx.unsafe(callText(routine, Object.keys(body)), [JSON.stringify(body)])
    const rows = row!.rows as string
    if (routine.returnsVoid) return c.body(null, 204)
    if (routine.returnsSet) {
      const answer: Answer = { rows, length: row!.length, offset: 0 }
      return answerResponse(c, answer, 200)
    }
    c.header('content-type', 'application/json; charset=utf-8')
    return c.body(rows.slice(1, -1), 200)
  })
}

/** One statement: arguments out of one JSON parameter, the result as a JSON array. */
function callText(routine: Routine, given: string[]): string {
  const fields = given.map(name => `${quoted(name)} ${routine.arguments.get(name)}`)
  const call = given.map(name => `${quoted(name)} => _in.${quoted(name)}`).join(', ')
  const source = fields.length
    ? `json_to_record(($1::text)::json) as _in (${fields.join(', ')}), lateral`
    : `(select $1::text) as _in,`
  const result = routine.composite ? 'to_json(_out)' : 'to_json(_out.value)'
  const alias = routine.composite ? '_out' : '_out (value)'
  return `select coalesce(json_agg(${result}), '[null]')::text as rows, count(*)::int as length
    from ${source} public.${quoted(routine.name)}(${call}) as ${alias}`
}
