// What the Data API may name: tables, columns and their types, functions and their arguments.
import type postgres from 'postgres'
import { DataError } from './data-error.ts'

export interface Table {
  name: string
  /** Column → type, as a cast spells it. */
  columns: Map<string, string>
  primaryKey: string[]
}

export interface Routine {
  name: string
  /** Argument → type; `required` are those without a default. */
  arguments: Map<string, string>
  required: string[]
  returnsSet: boolean
  returnsVoid: boolean
  /** Rows of several columns: a table type, or `returns table (…)`. */
  composite: boolean
  volatile: boolean
}

export async function findTable(sql: postgres.Sql, name: string): Promise<Table> {
  const columns = await sql<{ name: string; type: string; key: boolean }[]>`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      coalesce(a.attnum = any(i.indkey), false) as key
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where n.nspname = 'public' and c.relname = ${name} and c.relkind in ('r', 'v', 'm', 'p')
    order by a.attnum`
  if (!columns.length) {
    const message = `Could not find the table 'public.${name}' in the schema cache`
    throw new DataError(404, 'PGRST205', message)
  }
  return {
    name,
    columns: new Map(columns.map(column => [column.name, column.type])),
    primaryKey: columns.filter(column => column.key).map(column => column.name),
  }
}

/** The function with these argument names. @throws DataError PGRST202 when there is none. */
export async function findRoutine(sql: postgres.Sql, name: string, given: string[]) {
  const candidates = await sql<RoutineRow[]>`
    select p.proretset as "returnsSet", p.provolatile = 'v' as volatile,
      p.pronargs as count, p.pronargdefaults as defaults,
      coalesce(p.proargnames[1:p.pronargs], '{}') as names,
      coalesce((select array_agg(format_type(t, null) order by i)
        from unnest(p.proargtypes::oid[]) with ordinality as u (t, i)), '{}') as types,
      t.typname as "returnType", t.typtype as kind
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      join pg_type t on t.oid = p.prorettype
    where n.nspname = 'public' and p.proname = ${name} and p.prokind = 'f'`
  const routine = candidates
    .map(row => routineOf(name, row))
    .find(
      ({ arguments: known, required }) =>
        given.every(argument => known.has(argument)) &&
        required.every(argument => given.includes(argument)),
    )
  if (routine) return routine
  const message = `Could not find the function public.${name}(${given.join(', ')}) in the schema cache`
  throw new DataError(404, 'PGRST202', message)
}

interface RoutineRow {
  returnsSet: boolean
  volatile: boolean
  count: number
  defaults: number
  names: string[]
  types: string[]
  returnType: string
  kind: string
}

function routineOf(name: string, row: RoutineRow): Routine {
  return {
    name,
    arguments: new Map(row.names.map((argument, i) => [argument, row.types[i]!])),
    required: row.names.slice(0, row.count - row.defaults),
    returnsSet: row.returnsSet,
    returnsVoid: row.returnType === 'void',
    composite: row.kind === 'c' || row.returnType === 'record',
    volatile: row.volatile,
  }
}

/** A name as SQL writes it. Only names found in the catalogue come here. */
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** A column of the table. @throws DataError PGRST204 for one it does not have. */
export function columnOf(table: Table, name: string): { sql: string; type: string } {
  const type = table.columns.get(name)
  if (type) return { sql: quoted(name), type }
  const message = `Could not find the '${name}' column of '${table.name}' in the schema cache`
  throw new DataError(400, 'PGRST204', message)
}
