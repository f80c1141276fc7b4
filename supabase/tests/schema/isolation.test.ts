// 1,000 random queries as Ben, with Ann in the database and without: he must not see a difference.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase, underRole } from '../../local/database.ts'
import { seeded } from './fleet.ts'
import { addFullAccount, type FullAccount } from './full-account.ts'

const queryCount = 1000
const random = seeded(4711)
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
const chance = (p: number) => random() < p

interface Column {
  table: string
  name: string
  type: string
}

let db: LocalDatabase
let ann: FullAccount
let ben: FullAccount
let columns: Column[]
/** What Ben could know or guess of Ann: ids she once mentioned, her address. Not a link's token. */
let known: { uuids: string[]; texts: string[] }

beforeAll(async () => {
  db = await startDatabase()
  await db.sql`update app.rate_rules set calls = 1000000`
  ann = await addFullAccount(db, 'ann-secret')
  ben = await addFullAccount(db, 'ben-own')
  columns = await db.sql<Column[]>`
    select table_name as "table", column_name as name, udt_name as type
    from information_schema.columns where table_schema = 'public' order by 1, 2`
  const ids = (a: FullAccount) => [a.user, a.device, a.workflow, a.lease]
  known = {
    uuids: [...ids(ann), ...ids(ben), '00000000-0000-4000-8000-000000000000'],
    texts: ['ann-secret', 'ann-secret@people.example', 'ben-own', 'sub_ann-secret', 'active', ''],
  }
})
afterAll(() => db?.stop())

const tables = () => [...new Set(columns.map(column => column.table))]
const columnsOf = (table: string) => columns.filter(column => column.table === table)

function literal({ type }: Column): string {
  if (type === 'uuid') return `'${pick(known.uuids)}'`
  if (type === 'text') return `'${pick(known.texts)}'`
  if (type === 'bool') return String(chance(0.5))
  if (type === 'timestamptz') return `now() - interval '${Math.floor(random() * 100)} days'`
  if (type === 'jsonb') return `'{}'`
  return String(Math.floor(random() * 100))
}

function filter(alias: string, table: string, depth = 0): string {
  const column = pick(columnsOf(table))
  const name = `${alias}.${column.name}`
  const plain = [
    `${name} is ${chance(0.5) ? 'not ' : ''}null`,
    `${name} ${pick(['=', '<>', '<', '>='])} ${literal(column)}`,
    `${name}::text ilike '%${pick(['ann', 'ben', 'secret', '1', ''])}%'`,
    'true',
  ]
  if (depth > 1 || chance(0.5)) return pick(plain)
  const other = pick(tables())
  const inner = filter('s', other, depth + 1)
  return pick([
    `not (${filter(alias, table, depth + 1)})`,
    `(${filter(alias, table, depth + 1)} or ${filter(alias, table, depth + 1)})`,
    `exists (select 1 from public.${other} s where ${inner})`,
    `(select count(*) from public.${other} s where ${inner}) ${pick(['>', '='])} ${pick(['0', '1'])}`,
  ])
}

function select(): string {
  const [left, right] = [pick(tables()), pick(tables())]
  const where = filter('a', left)
  if (chance(0.3)) {
    const column = pick(columnsOf(left)).name
    const what = pick([`count(*)`, `count(distinct a.${column})`, `max(a.${column}::text)`])
    return `select ${what} as x from public.${left} a where ${where}`
  }
  const shown = columnsOf(left).filter(() => chance(0.6))
  const names = shown.length ? shown.map(c => `a.${c.name}`).join(', ') : 'a.*'
  if (chance(0.4)) return `select ${names} from public.${left} a where ${where} order by a::text`
  const [l, r] = [pick(columnsOf(left)), pick(columnsOf(right))]
  const on = pick(['true', `a.${l.name}::text = b.${r.name}::text`])
  const join = pick(['join', 'left join', 'full join'])
  const joinOn = join === 'full join' ? `a.${l.name}::text = b.${r.name}::text` : on
  return `select ${names}, b.* from public.${left} a ${join} public.${right} b on ${joinOn}
    where ${where} order by a::text, b::text limit 200`
}

/** A call of a function with ids of anybody; undone afterwards. */
function rpc(): string {
  const id = `'${pick(known.uuids)}'`
  const event = `{"id":"${pick(known.uuids)}","lease":"${pick(known.uuids)}","kind":"workflow"}`
  const calls = [
    'my_account()',
    'list_workflows()',
    `open_workflow(${id})`,
    `open_workflow(${id}, ${pick([1, 2, 3])})`,
    `workflow_history(${id})`,
    `share_workflow(${id}) is not null`,
    `unshare_workflow(${id})`,
    `rename_workflow(${id}, 'x')`,
    `remove_workflow(${id})`,
    `revoke_device(${id})`,
    `save_workflow('x', '{}', ${id}, ${pick(['null', 1, 2])}, ${id})`,
    `usage_sync(${id}, 'x', '[${event}]', 0, '[{"lease":${id.replaceAll("'", '"')},"units":1}]')`,
    `shared_workflow('${pick(['', 'x', '%', ben.token])}')`,
  ]
  return `select public.${pick(calls)} as x`
}

async function ask(text: string, role: 'authenticated' | 'owner'): Promise<string> {
  const undone = new Error('undone')
  let seen = ''
  const work = async (tx: { unsafe(text: string): PromiseLike<unknown> }) => {
    seen = JSON.stringify(await tx.unsafe(text))
    throw undone
  }
  const claims = { role: 'authenticated' as const, sub: ben.user }
  const asked = role === 'owner' ? db.sql.begin(work) : underRole(db.sql, claims, work)
  await asked.catch(error => {
    if (error !== undone) seen = `${error.code}: ${error.message}`
  })
  return seen
}

test(`${queryCount} queries say the same with and without another account`, async () => {
  const queries = Array.from({ length: queryCount }, () => (chance(0.25) ? rpc() : select()))
  const marks = ['ann-secret', ann.user, ann.device, ann.workflow, ann.lease, ann.token]
  /** Whether an answer names what is Ann's and was not in the question. */
  const tells = (answer: string, question: string) =>
    marks.some(mark => answer.includes(mark) && !question.includes(mark))
  const run = async (role: 'authenticated' | 'owner', asked = queries) => {
    const answers: string[] = []
    const next = asked.entries()
    const worker = async () => {
      for (const [i, text] of next) answers[i] = await ask(text, role)
    }
    await Promise.all(Array.from({ length: 4 }, worker))
    return answers
  }
  const withAnn = await run('authenticated')
  const unguarded = await run('owner', queries.slice(0, queryCount / 4))
  await db.sql`delete from auth.users where id = ${ann.user}`
  const without = await run('authenticated')

  const leaks = queries.filter((text, i) => withAnn[i] !== without[i] || tells(withAnn[i]!, text))
  expect(leaks.slice(0, 3).map(text => [text, withAnn[queries.indexOf(text)]])).toEqual([])
  // The queries are worth something: they run, and without policies they do tell of Ann.
  expect(unguarded.filter((answer, i) => tells(answer, queries[i]!)).length).toBeGreaterThan(
    queryCount / 20,
  )
  expect(withAnn.filter(answer => answer.startsWith('[{')).length).toBeGreaterThan(queryCount / 2)
  const broken = withAnn.filter(answer => /^(42601|42703|42883|42P)/.test(answer))
  expect(broken).toEqual([])
})
