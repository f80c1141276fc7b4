// What is declared is done: exported, erased, expired. What is not declared fails here.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import { superuser } from '../../local/postgres.ts'
import { call, days, type Json } from './calls.ts'
import { addFullAccount, type FullAccount } from './full-account.ts'

const canary = 'canary-7f3a91'

let db: LocalDatabase
/** The platform's own tables are not ours to change. */
let platform: postgres.Sql
let ann: FullAccount
let ben: FullAccount

beforeAll(async () => {
  db = await startDatabase()
  const url = new URL(db.url)
  url.username = superuser
  platform = postgres(url.href, { max: 1, onnotice: () => undefined })
  ann = await addFullAccount(db, canary)
  ben = await addFullAccount(db, 'ben')
  await fillSignIn(ann.user)
})
afterAll(async () => {
  await platform?.end()
  await db?.stop()
})

/** What the platform keeps of someone who signs in, with and without foreign keys. */
async function fillSignIn(user: string) {
  await platform`update auth.users set encrypted_password = 'x', email_change = ${canary},
    raw_user_meta_data = ${{ full_name: canary } as never} where id = ${user}`
  await platform`insert into auth.identities (provider_id, user_id, identity_data, provider)
    values (${canary}, ${user}, ${{ sub: canary, email: `${canary}@gmail.com` } as never}, 'google')`
  const session = randomUUID()
  await platform`insert into auth.sessions (id, user_id, user_agent, ip)
    values (${session}, ${user}, ${canary}, '203.0.113.7')`
  await platform`insert into auth.refresh_tokens (token, user_id, session_id)
    values (${canary}, ${user}, ${session})`
  await platform`insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
    values (${randomUUID()}, ${user}, 'recovery_token', 'x', ${canary})`
  await platform`insert into auth.flow_state (id, user_id, provider_type, authentication_method)
    values (${randomUUID()}, ${user}, ${canary}, 'oauth')`
  await platform`create table auth.audit_log_entries (id uuid primary key, payload json)`
  await platform`grant all on auth.audit_log_entries to postgres`
  await platform`insert into auth.audit_log_entries values (${randomUUID()},
    ${{ actor_id: user, actor_username: canary } as never})`
}

/** Tables of any schema with a row that has the text anywhere. */
async function tablesWith(text: string): Promise<string[]> {
  const tables = await platform<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c
    where c.relkind in ('r', 'p', 'm') and c.relnamespace::regnamespace::text
      not in ('pg_catalog', 'information_schema', 'pg_toast')`
  const hits: string[] = []
  for (const { name } of tables) {
    const [row] = await platform.unsafe(
      `select count(*)::int as n from ${name} t where t::text ilike '%' || $1 || '%'`,
      [text],
    )
    if (row!.n > 0) hits.push(name)
  }
  return hits
}

const declaredTables = () =>
  db.sql<{ name: string; person: string; erasure: string; rule: string }[]>`
    select relation as name, person, erasure, rule from app.declared_tables()`

describe('declarations', () => {
  const gaps = async () => (await db.sql`select app.privacy_gaps() as gap`).map(row => row.gap)

  test('every table and column has one', async () => {
    expect(await gaps()).toEqual([])
  })

  const careless: [string, string, RegExp][] = [
    ['a text column', 'alter table public.devices add column note text', /devices\.note has no/],
    ['an address', 'alter table public.devices add column ip inet', /devices\.ip has no/],
    ['a JSON column', 'alter table app.rate_limits add column more jsonb', /more has no/],
    ['an id', 'alter table app.stripe_events add column person uuid', /person has no/],
    ['a list', 'alter table public.profiles add column tags text[]', /tags has no/],
    ['a table', 'create table public.visits (at timestamptz)', /visits has no \[person/],
    [
      'an unreadable rule',
      `comment on table public.devices is
        'x [person: user_id; erasure: delete; retention: a while]'`,
      /"a while" is no rule/,
    ],
    [
      'a rule by a column that is not there',
      `comment on table public.devices is
        'x [person: user_id; erasure: delete; retention: 3 days after gone_at]'`,
      /"3 days after gone_at" is no rule/,
    ],
    [
      'an exception by a column that is not there',
      `comment on table public.devices is
        'x [person: user_id; erasure: delete; retention: 3 days after created_at or 1 without age]'`,
      /1 without age" is no rule/,
    ],
    [
      'a parent that takes nothing along',
      `comment on table public.devices is
        'x [person: user_id; erasure: delete; retention: with public.plans]'`,
      /"with public.plans" is no rule/,
    ],
    [
      'a column kept in a row that goes',
      `comment on column public.devices.name is 'privacy: export, keep; retention: row'`,
      /devices\.name: keep is not/,
    ],
    [
      'a person who is nowhere',
      `comment on table public.devices is
        'x [person: owner; erasure: delete; retention: account]'`,
      /has no column owner/,
    ],
  ]
  test.each(careless)('%s without a fitting one is found', async (_, change, found) => {
    const undone = new Error('undone')
    await db.sql
      .begin(async tx => {
        await tx.unsafe(change)
        const rows = await tx`select app.privacy_gaps() as gap`
        expect(rows.map(row => row.gap)).toContainEqual(expect.stringMatching(found))
        throw undone
      })
      .catch(error => {
        if (error !== undone) throw error
      })
  })

  test('a flag, a number or a time needs none', async () => {
    await db.sql`alter table public.devices add column trusted bool, add column n int,
      add column seen_at timestamptz`
    expect(await gaps()).toEqual([])
    await db.sql`alter table public.devices drop column trusted, drop column n,
      drop column seen_at`
  })
})

describe('retention', () => {
  test('each declared rule is carried out on its day, not before', async () => {
    const keyed = { id: 'evt_old', type: 'x', object_id: 'x', created: new Date() }
    await call(db, 'service', 'claim_stripe_event', keyed, 'app')
    await db.sql`insert into app.erasures (rows) values ('{}')`
    await db.sql`update public.subscriptions set ended_at = now()`
    await db.sql`update public.deletion_requests set cancelled_at = now()`
    const rules = await db.sql<{ name: string; days: number; since: string }[]>`
      select relation as name, days, since from app.declared_tables()
      where days is not null`
    expect(rules.length).toBeGreaterThanOrEqual(12)
    for (const { name, days: kept, since } of rules) {
      const left = async () => {
        const [row] = await db.sql.unsafe(`select count(*)::int as n, min(${since}) as first,
          max(${since}) as last from ${name} where ${since} is not null`)
        return row as unknown as { n: number; first: Date; last: Date }
      }
      const { n, first, last } = await left()
      expect(n, `${name} has a row to expire`).toBeGreaterThan(0)
      const hour = 3600 * 1000
      await inVain(async tx => {
        await tx`select app.apply_retention(${new Date(first.getTime() + days(kept) - hour)})`
        const [before] = await tx.unsafe(`select count(*)::int as n from ${name}
          where ${since} is not null`)
        expect(before!.n, `${name}, an hour early`).toBe(n)
        const at = new Date(last.getTime() + days(kept) + hour)
        const [done] = await tx`select app.apply_retention(${at}) as counts`
        expect(done!.counts[name], `${name}, an hour late`).toBe(n)
      })
    }
  })

  test('an event without a lease goes earlier, and does not count again after that', async () => {
    const [rule] = await db.sql`select short_days as days from app.declared_tables()
      where relation = 'public.usage_events'`
    const kept = days(rule!.days)
    const user = await db.addUser('stray@people.example')
    const device = randomUUID()
    const event = (ageMs: number, more: Json = {}) => ({
      id: randomUUID(),
      kind: 'workflow',
      occurredAt: new Date(Date.now() - ageMs).toISOString(),
      ...more,
    })
    const sync = (more: Json) => call(db, user, 'usage_sync', { device, ...more })
    const { lease } = await sync({ want: 1 })
    const minute = 60_000
    const events = [
      event(kept - minute),
      event(kept + minute),
      event(kept + minute, { lease: randomUUID() }),
      event(kept + minute, { lease: lease.id }),
    ]
    expect(await sync({ events })).toMatchObject({ accepted: 2, duplicate: 2, usage: { used: 2 } })
    await inVain(async tx => {
      const left = async (ms: number) => {
        await tx`select app.apply_retention(${new Date(Date.now() + ms)})`
        return (await tx`select lease_id from public.usage_events where user_id = ${user}`).length
      }
      expect(await left(kept - minute)).toBe(2)
      expect(await left(kept + minute)).toBe(1)
    })
  })

  test('what lives with another table goes with it', async () => {
    const tables = (await declaredTables()).filter(table => table.rule.startsWith('with '))
    expect(tables.length).toBeGreaterThanOrEqual(2)
    for (const { name, rule } of tables)
      await inVain(async tx => {
        const count = () => tx.unsafe(`select count(*)::int as n from ${name}`)
        expect((await count())[0]!.n).toBeGreaterThan(0)
        await tx.unsafe(`delete from ${rule.slice(5)}`)
        expect((await count())[0]!.n).toBe(0)
      })
  })

  async function inVain(work: (tx: postgres.TransactionSql) => Promise<void>) {
    const undone = new Error('undone')
    await db.sql
      .begin(async tx => {
        await work(tx)
        throw undone
      })
      .catch(error => {
        if (error !== undone) throw error
      })
  }
})

describe('leaving', () => {
  test('14 days to think again, a reminder, then it is due', async () => {
    const user = await db.addUser('leaver@people.example')
    const service = (name: string, args: Json) => call(db, 'service', name, args, 'app')
    const asked = await service('request_deletion', { person: user })
    expect(Date.parse(asked.eraseAfter) - Date.parse(asked.requestedAt)).toBe(days(14))
    expect(await service('request_deletion', { person: user })).toEqual(asked)
    expect((await call(db, user, 'my_account')).deletion).toEqual(asked)
    const due = async (name: string, day: number) =>
      (
        await db.sql.unsafe(`select user_id from app.${name}($1)`, [
          new Date(Date.parse(asked.requestedAt) + days(day)),
        ])
      ).map(row => row.user_id)
    expect(await due('deletion_reminders_due', 10.9)).toEqual([])
    expect(await due('deletion_reminders_due', 11.001)).toEqual([user])
    expect(await due('deletions_due', 13.9)).toEqual([])
    expect(await due('deletions_due', 14.001)).toEqual([user])
    await call(db, user, 'cancel_deletion')
    expect((await call(db, user, 'my_account')).deletion).toBeNull()
    expect(await due('deletions_due', 20)).toEqual([])
    await call(db, user, 'cancel_deletion')
    const log = await db.sql`select action from public.audit_log where user_id = ${user}`
    expect(log.map(row => row.action).sort()).toEqual(['deletion.cancelled', 'deletion.requested'])
  })

  test('the export holds every row, all columns but the internal ones', async () => {
    await call(db, 'service', 'suspend', { person: ann.user, reason: canary }, 'app')
    const data = await call(db, 'service', 'export_user', { person: ann.user }, 'app')
    expect(data).toMatchObject({ format: 'comfyrunner-account-1', userId: ann.user })
    const tables = (await declaredTables()).filter(table => table.person !== 'none')
    expect(Object.keys(data.tables).sort()).toEqual(
      tables.map(({ name }) => name.split('.')[1]).sort(),
    )
    const columns = await db.sql`select relation as name, name as column, personal
      from app.declared_columns()`
    for (const { name, person } of tables) {
      const stored = await db.sql.unsafe(
        `select to_jsonb(t) as row from ${name} t where ${person} = $1`,
        [ann.user],
      )
      const rows = stored.map(({ row }) => ({ ...row }))
      for (const { column } of columns.filter(c => c.name === name && c.personal === 'internal'))
        for (const row of rows) delete row[column]
      const exported = data.tables[name.split('.')[1]!]
      expect(sorted(exported), name).toEqual(sorted(rows))
      expect(rows.length, name).toBeGreaterThan(0)
    }
  })

  test('and each text the person left', async () => {
    const data = await call(db, 'service', 'export_user', { person: ann.user }, 'app')
    const { tables, signIn } = data
    for (const part of [
      tables.profiles[0].email,
      tables.profiles[0].display_name,
      tables.profiles[0].suspended_reason,
      tables.devices[0].name,
      tables.stored_workflows[0].name,
      tables.workflow_versions[0].document,
      tables.workflow_versions[1].document,
      tables.subscriptions[0].id,
      tables.invoices[0].hosted_url,
      tables.invoices[0].pdf_url,
      tables.billing_customers[0].stripe_customer_id,
      tables.mail_log[0].provider_id,
      signIn.email,
      signIn.metadata.full_name,
      JSON.stringify(signIn.identities),
    ])
      expect(part).toContain(canary)
    expect(tables.usage_events).toHaveLength(2)
    expect(JSON.stringify(data)).not.toContain('"mailbox_hash"')
  })

  test('erased: no table of any schema knows the person', async () => {
    const before = await rowsOf(ben.user)
    expect((await tablesWith(canary)).length).toBeGreaterThan(12)
    expect((await tablesWith(ann.user)).length).toBeGreaterThan(15)
    const erased = await call(db, 'service', 'erase_user', { person: ann.user }, 'app')
    expect(erased).toMatchObject({ 'public.profiles': 1, 'public.workflow_versions': 2 })
    for (const trace of [canary, ann.user, ann.device, ann.workflow, ann.token, ann.lease])
      expect(await tablesWith(trace), trace).toEqual([])
    expect(await rowsOf(ben.user), 'others are untouched').toEqual(before)
    const again = await call(db, 'service', 'erase_user', { person: ann.user }, 'app')
    expect(again).toBeNull()
  })

  test('what the law wants kept is kept without a name', async () => {
    const [invoice] = await db.sql`select * from public.invoices where user_id is null`
    expect(invoice).toMatchObject({
      user_id: null,
      subscription_id: null,
      hosted_url: null,
      pdf_url: null,
      number: 'CR-0001',
      amount_paid_cents: 900,
      amount_refunded_cents: 100,
      currency: 'eur',
    })
    const [erasure] = await db.sql`select * from app.erasures order by erased_at desc limit 1`
    expect(erasure!.rows['public.invoices']).toBe(1)
  })

  test('deleted in the dashboard is erased as well', async () => {
    const eve = await addFullAccount(db, 'eve-c0ffee')
    await platform`delete from auth.users where id = ${eve.user}`
    for (const trace of ['eve-c0ffee', eve.user, eve.workflow])
      expect(await tablesWith(trace), trace).toEqual([])
    const claims = await db.sql`select workflows_used from app.trial_claims`
    expect(claims.length).toBeGreaterThan(0)
  })

  async function rowsOf(user: string) {
    const counts: Record<string, number> = {}
    for (const { name, person } of await declaredTables()) {
      if (person === 'none') continue
      const text = `select count(*)::int as n from ${name} where ${person} = $1`
      const [row] = await db.sql.unsafe(text, [user])
      counts[name] = row!.n
    }
    return counts
  }
})

const sorted = (rows: unknown[]) => rows.map(row => JSON.stringify(order(row))).sort()
const order = (row: unknown) => Object.entries(row as Json).sort(([a], [b]) => (a < b ? -1 : 1))

test('docs/deploy.md says how long each table is kept, and why', async () => {
  const file = join(import.meta.dirname, '../../../docs/deploy.md')
  const said = new Map<string, string>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [names, kept, why] = line
      .split('|')
      .slice(1)
      .map(cell => cell.trim())
    if (!why || !/^`[a-z_]+`/.test(names!)) continue
    const tables = names!.split(', ').map(name => name.slice(1, -1))
    const rules = kept!.split(', ')
    for (const [i, name] of tables.entries()) said.set(name, rules[i] ?? rules[0]!)
  }
  const declared = (await declaredTables()).filter(({ rule }) => rule !== 'forever')
  expect(declared.length).toBeGreaterThan(15)
  const ruleOf = new Map(declared.map(({ name, rule }) => [name, rule]))
  for (const { name, rule } of declared) {
    const own = rule.startsWith('with ') ? ruleOf.get(rule.slice(5)) : rule
    expect(said.get(name.split('.')[1]!), name).toBe(own)
  }
})
