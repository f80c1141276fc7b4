// The query part of a Data API address, as SQL: which columns, which rows, in what order.
import { UnknownToDouble } from './auth-error.ts'
import { columnOf, quoted, type Table } from './columns.ts'
import { DataError } from './data-error.ts'

/** SQL text and the values of its `$1 …`, all sent as text and cast in the statement. */
export interface Clause {
  text: string
  values: (string | string[])[]
}

const operators: Record<string, string> = {
  eq: '=',
  neq: '<>',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  like: 'like',
  ilike: 'ilike',
}
const isValues = new Set(['null', 'true', 'false', 'unknown'])
const notFilters = new Set([
  'select',
  'order',
  'limit',
  'offset',
  'on_conflict',
  'columns',
  'apikey',
])

/** `select=id,when:created_at` → columns. Embedding another table is unknown here. */
export function selectList(table: Table, select: string | null): string {
  const of = quoted(table.name)
  return (select || '*')
    .split(',')
    .map(item => {
      if (item === '*') return `${of}.*`
      const match = /^(?:(\w+):)?(\w+)$/.exec(item.trim())
      if (!match) throw new UnknownToDouble(`select=${item}`)
      const [, alias, name] = match as unknown as [string, string | undefined, string]
      const column = `${of}.${columnOf(table, name).sql}`
      return alias ? `${column} as ${quoted(alias)}` : column
    })
    .join(', ')
}

/** `age=gte.18&name=not.is.null` → `where …`, with parameters from `$first` on. */
export function whereClause(table: Table, query: URLSearchParams, first = 1): Clause {
  const values: Clause['values'] = []
  const place = (value: string | string[]) => `$${first - 1 + values.push(value)}`
  const conditions = [...query].flatMap(([name, filter]) => {
    if (notFilters.has(name)) return []
    if (['or', 'and', 'not.or', 'not.and'].includes(name)) throw new UnknownToDouble(`${name}=()`)
    return [condition(table, name, filter, place)]
  })
  return { text: conditions.length ? ` where ${conditions.join(' and ')}` : '', values }
}

function condition(
  table: Table,
  name: string,
  filter: string,
  place: (value: string | string[]) => string,
): string {
  // With its table's name, as an update has the body beside it, with columns of the same names.
  const { sql, type } = columnOf(table, name)
  const column = `${quoted(table.name)}.${sql}`
  const not = filter.startsWith('not.')
  const rest = not ? filter.slice('not.'.length) : filter
  const dot = rest.indexOf('.')
  const operator = rest.slice(0, Math.max(dot, 0))
  const value = rest.slice(dot + 1)
  const said = (text: string) => (not ? `not (${text})` : `(${text})`)
  if (operator === 'is') {
    if (!isValues.has(value)) throw parseError(filter)
    return said(`${column} is ${value}`)
  }
  if (operator === 'in') {
    if (!/^\(.*\)$/s.test(value)) throw parseError(filter)
    return said(`${column} = any((${place(listItems(value))}::text[])::${type}[])`)
  }
  const symbol = operators[operator]
  if (!symbol) throw new UnknownToDouble(`the filter ${name}=${filter}`)
  const pattern = symbol.endsWith('like')
  const text = pattern ? value.replaceAll('*', '%') : value
  return said(`${column} ${symbol} (${place(text)}::text)::${pattern ? 'text' : type}`)
}

/** `(a,"b,c")` → its items, without their quotes. */
const listItems = (list: string) =>
  [...list.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/g)].map(([, inQuotes, bare]) =>
    inQuotes === undefined ? bare! : inQuotes.replace(/\\(.)/g, '$1'),
  )

export function orderClause(table: Table, order: string | undefined): string {
  if (!order) return ''
  const terms = order.split(',').map(term => {
    const [name, ...words] = term.split('.') as [string, ...string[]]
    const said = words.map(word => {
      if (word === 'asc' || word === 'desc') return word
      if (word === 'nullsfirst') return 'nulls first'
      if (word === 'nullslast') return 'nulls last'
      throw parseError(term)
    })
    return [columnOf(table, name).sql, ...said].join(' ')
  })
  return ` order by ${terms.join(', ')}`
}

/** `offset` and `limit`; never more than PostgREST's `max_rows` here (config.toml). */
export function pageOf(query: URLSearchParams): { limit: number; offset: number } {
  const number = (name: string, otherwise: number) => {
    const text = query.get(name)
    if (text === null) return otherwise
    if (!/^\d+$/.test(text)) throw parseError(`${name}=${text}`)
    return Number(text)
  }
  return { limit: Math.min(number('limit', maxRows), maxRows), offset: number('offset', 0) }
}

export const maxRows = 1000

const parseError = (text: string) =>
  new DataError(400, 'PGRST100', `"failed to parse filter (${text})"`)
