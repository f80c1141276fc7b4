// Tables through the Data API: select, insert, upsert, update, delete. Rows become JSON in
// PostgreSQL and come from JSON there, as in PostgREST, so every type keeps its own form.
import type { Context } from 'hono'
import type postgres from 'postgres'
import { UnknownToDouble } from './auth-error.ts'
import { columnOf, quoted, type Table } from './columns.ts'
import { DataError } from './data-error.ts'
import { type Clause, orderClause, pageOf, selectList, whereClause } from './filters.ts'

type Transaction = postgres.TransactionSql

export interface Preferences {
  representation: boolean
  count: boolean
  conflict?: 'merge' | 'ignore'
  missingDefault: boolean
}

/** @throws UnknownToDouble for a preference it would otherwise silently not honour. */
export function preferences(header: string | undefined): Preferences {
  const wanted: Preferences = { representation: false, count: false, missingDefault: false }
  for (const item of (header ?? '').split(',').map(part => part.trim()))
    switch (item) {
      case '':
      case 'return=minimal':
        break
      case 'return=representation':
        wanted.representation = true
        break
      case 'count=exact':
        wanted.count = true
        break
      case 'missing=default':
        wanted.missingDefault = true
        break
      case 'resolution=merge-duplicates':
        wanted.conflict = 'merge'
        break
      case 'resolution=ignore-duplicates':
        wanted.conflict = 'ignore'
        break
      default:
        throw new UnknownToDouble(`Prefer: ${item}`)
    }
  return wanted
}

export interface Answer {
  /** A JSON array as text, or nothing to send. */
  rows?: string
  length: number
  offset: number
  total?: number
}

export async function readRows(
  tx: Transaction,
  table: Table,
  query: URLSearchParams,
  prefer: Preferences,
): Promise<Answer> {
  const where = whereClause(table, query)
  const { limit, offset } = pageOf(query)
  const list = selectList(table, query.get('select'))
  const from = `from public.${quoted(table.name)}${where.text}`
  const order = orderClause(table, query.get('order') ?? undefined)
  const answer = await asJson(tx, {
    text: `select ${list} ${from}${order} limit ${limit} offset ${offset}`,
    values: where.values,
  })
  if (!prefer.count) return { ...answer, offset }
  const [count] = await tx.unsafe(`select count(*)::int as total ${from}`, where.values)
  return { ...answer, offset, total: count!.total }
}

export async function insertRows(
  tx: Transaction,
  table: Table,
  query: URLSearchParams,
  prefer: Preferences,
  body: unknown,
): Promise<Answer> {
  const rows = (Array.isArray(body) ? body : [body]) as Record<string, unknown>[]
  const named = query
    .get('columns')
    ?.split(',')
    .map(name => name.replace(/^"|"$/g, ''))
  const columns = named ?? [...new Set(rows.flatMap(row => Object.keys(row)))]
  for (const name of columns) columnOf(table, name)
  // A column that only some rows carry would become null in the others, where a default is meant.
  const uneven = rows.some(row => columns.some(name => !(name in row)))
  if (uneven && prefer.missingDefault) throw new UnknownToDouble('missing=default with uneven rows')
  const list = columns.map(quoted).join(', ')
  const target = `public.${quoted(table.name)}`
  const insert = columns.length
    ? `insert into ${target} (${list}) select ${list}
       from json_populate_recordset(null::${target}, ($1::text)::json)`
    : `insert into ${target} default values`
  const values = columns.length ? [JSON.stringify(rows)] : []
  const conflict = prefer.conflict ? conflictClause(table, query, prefer.conflict, columns) : ''
  return write(tx, table, query, prefer, { text: insert + conflict, values })
}

function conflictClause(
  table: Table,
  query: URLSearchParams,
  resolution: 'merge' | 'ignore',
  columns: string[],
): string {
  const keys = query.get('on_conflict')?.split(',') ?? table.primaryKey
  const target = keys.map(name => columnOf(table, name).sql).join(', ')
  if (resolution === 'ignore') return ` on conflict (${target}) do nothing`
  const set = columns.map(name => `${quoted(name)} = excluded.${quoted(name)}`).join(', ')
  return ` on conflict (${target}) do update set ${set}`
}

export async function updateRows(
  tx: Transaction,
  table: Table,
  query: URLSearchParams,
  prefer: Preferences,
  body: unknown,
): Promise<Answer> {
  const columns = Object.keys(body as object)
  if (!columns.length) return { rows: '[]', length: 0, offset: 0 }
  const target = `public.${quoted(table.name)}`
  const set = columns.map(name => `${columnOf(table, name).sql} = _body.${quoted(name)}`).join(', ')
  const where = whereClause(table, query, 2)
  return write(tx, table, query, prefer, {
    text: `update ${target} set ${set}
      from json_populate_record(null::${target}, ($1::text)::json) as _body${where.text}`,
    values: [JSON.stringify(body), ...where.values],
  })
}

export async function deleteRows(
  tx: Transaction,
  table: Table,
  query: URLSearchParams,
  prefer: Preferences,
): Promise<Answer> {
  const where = whereClause(table, query)
  // supabase.com refuses it as well (safeupdate).
  if (!where.text) throw new DataError(400, '21000', 'DELETE requires a WHERE clause')
  const text = `delete from public.${quoted(table.name)}${where.text}`
  return write(tx, table, query, prefer, { text, values: where.values })
}

async function write(
  tx: Transaction,
  table: Table,
  query: URLSearchParams,
  prefer: Preferences,
  statement: Clause,
): Promise<Answer> {
  if (!prefer.representation) {
    const result = await tx.unsafe(statement.text, statement.values)
    return { length: result.count, offset: 0, total: prefer.count ? result.count : undefined }
  }
  const list = selectList(table, query.get('select'))
  const text = `${statement.text} returning ${list}`
  const answer = await asJson(tx, { text, values: statement.values })
  return { ...answer, offset: 0, total: prefer.count ? answer.length : undefined }
}

async function asJson(tx: Transaction, { text, values }: Clause) {
  const [row] = await tx.unsafe(
    `with _rows as (${text})
     select coalesce(json_agg(_rows), '[]')::text as rows, count(*)::int as length from _rows`,
    values,
  )
  return row as unknown as { rows: string; length: number }
}

/** The answer in PostgREST's form: an array, or the one object that `.single()` asks for. */
export function answerResponse(c: Context, answer: Answer, status: 200 | 201): Response {
  const { rows, length, offset, total } = answer
  const range = length ? `${offset}-${offset + length - 1}` : '*'
  c.header('content-range', `${range}/${total ?? '*'}`)
  if (c.req.method === 'HEAD') return c.body(null, 200)
  if (rows === undefined) return c.body(null, status === 201 ? 201 : 204)
  c.header('content-type', 'application/json; charset=utf-8')
  const accept = c.req.header('accept') ?? '*/*'
  if (accept.includes('application/vnd.pgrst.object+json')) {
    if (length !== 1)
      throw new DataError(
        406,
        'PGRST116',
        'Cannot coerce the result to a single JSON object',
        `The result contains ${length} rows`,
      )
    return c.body(rows.slice(1, -1), status)
  }
  if (!/json|\*\/\*/.test(accept)) throw new UnknownToDouble(`Accept: ${accept}`)
  return c.body(rows, total !== undefined && length < total ? 206 : status)
}
