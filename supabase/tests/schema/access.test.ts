// Who may do what, by table and by function. What is not in these lists fails the build.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase, underRole } from '../../local/database.ts'
import { as, type Caller, call, type Json, refusal } from './calls.ts'
import { addFullAccount, type FullAccount } from './full-account.ts'

let db: LocalDatabase
let ann: FullAccount
let ben: FullAccount

beforeAll(async () => {
  db = await startDatabase()
  ann = await addFullAccount(db, 'ann')
  ben = await addFullAccount(db, 'ben')
})
afterAll(() => db?.stop())

/** What a role reads of a table. Nobody but the service role writes to any directly. */
interface TableAccess {
  anon: 'nothing' | 'active'
  user: 'nothing' | 'own' | 'active'
  service: 'everything' | 'nothing'
  /** The column that names the person. */
  owner?: string
}

const ownRows: TableAccess = {
  anon: 'nothing',
  user: 'own',
  service: 'everything',
  owner: 'user_id',
}
const noRows: TableAccess = { anon: 'nothing', user: 'nothing', service: 'nothing' }

const tableAccess: Record<string, TableAccess> = {
  'public.plans': { anon: 'active', user: 'active', service: 'everything' },
  'public.profiles': { ...ownRows, owner: 'id' },
  'public.mail_preferences': ownRows,
  'public.subscriptions': ownRows,
  'public.invoices': ownRows,
  'public.devices': ownRows,
  'public.usage_periods': ownRows,
  'public.usage_leases': ownRows,
  'public.usage_events': ownRows,
  'public.stored_workflows': ownRows,
  'public.workflow_versions': ownRows,
  'public.audit_log': ownRows,
  'public.deletion_requests': ownRows,
  'app.billing_customers': noRows,
  'app.stripe_events': noRows,
  'app.rate_limits': noRows,
  'app.rate_rules': noRows,
  'app.mail_log': noRows,
  'app.trial_claims': noRows,
  'app.trial_moves': noRows,
  'app.erasures': noRows,
  'app.secrets': noRows,
  'app.clock': noRows,
}

const denied = '42501'

describe('tables', () => {
  test('each is declared here, has row-level security, and no view hides one', async () => {
    const rows = await db.sql<{ name: string; kind: string; rls: boolean }[]>`
      select c.oid::regclass::text as name, c.relkind as kind, c.relrowsecurity as rls
      from pg_class c where c.relnamespace::regnamespace::text in ('public', 'app')
        and c.relkind in ('r', 'p', 'v', 'm', 'f')`
    const found = rows.map(row => (row.name.includes('.') ? row.name : `public.${row.name}`))
    expect(found.sort()).toEqual(Object.keys(tableAccess).sort())
    expect(rows.filter(row => row.kind !== 'r' || !row.rls)).toEqual([])
  })

  test('policies are sentences, one per operation and role', async () => {
    const policies = await db.sql`
      select tablename, policyname, cmd, roles::text[] as roles from pg_policies
      where schemaname in ('public', 'app')`
    const keys = policies.map(p => `${p.tablename} ${p.cmd} ${p.roles}`)
    expect(new Set(keys).size).toBe(keys.length)
    for (const p of policies) {
      expect(p.policyname).toMatch(/^(People|Visitors) read [a-z -]+$/)
      expect(p).toMatchObject({ cmd: 'SELECT', roles: [expect.stringMatching(/^(anon|auth)/)] })
    }
  })

  test.each(Object.entries(tableAccess))('%s', async (table, access) => {
    const everything = await count('service', `(select * from ${table}) t`, true)
    expect(everything, 'both accounts have a row, or nothing is shown').toBeGreaterThan(
      access.owner ? 1 : -1,
    )
    await expectReads('anon', access.anon)
    await expectReads(ann.user, access.user)
    await expectReads(ben.user, access.user)
    await expectReads('service', access.service)
    for (const caller of ['anon', ann.user, 'service'] as Caller[])
      await expectWrites(caller, caller === 'service' && access.service === 'everything')

    async function expectReads(caller: Caller, what: string) {
      if (what === 'nothing') {
        expect(await refusal(as(db, caller, `select 1 from ${table}`))).toMatchObject({
          status: denied,
        })
        return
      }
      const seen = await count(caller, table)
      const filter =
        what === 'own'
          ? `where ${access.owner} = '${caller}'`
          : what === 'active'
            ? 'where active'
            : ''
      expect(seen).toBe(await count('service', `(select * from ${table} ${filter}) t`, true))
      expect(seen).toBeGreaterThan(0)
    }

    async function expectWrites(caller: Caller, allowed: boolean) {
      const [column] = await db.sql`
        select attname as name from pg_attribute where attrelid = ${table}::regclass and attnum = 1`
      for (const statement of [
        `insert into ${table} select * from ${table} limit 0`,
        `update ${table} set ${column!.name} = default where false`,
        `delete from ${table} where false`,
        `truncate ${table}`,
      ]) {
        const may = allowed && !statement.startsWith('truncate')
        const done = await as(db, caller, statement).then(
          () => true,
          error => error.code !== denied && error.code,
        )
        expect(done, `${caller}: ${statement}`).toBe(may)
      }
    }
  })
})

async function count(caller: Caller, from: string, owner = false): Promise<number> {
  const text = `select count(*)::int as n from ${from}`
  const rows = owner ? await db.sql.unsafe(text) : await as(db, caller, text)
  return rows[0]!.n
}

/** Functions for people: `own` is a call that works for Ann; with her ids it must not for Ben. */
interface Rpc {
  args?: (account: FullAccount) => Json
  anon?: boolean
  service?: boolean
  /** What Ben gets with Ann's arguments; without one the call touches only the caller's rows. */
  stranger?: string
  /** Whether a suspended person still may. */
  suspended?: boolean
}

const rpcAccess: Record<string, Rpc> = {
  my_account: { suspended: true },
  update_profile: { args: () => ({ display_name: 'x' }), suspended: true },
  update_mail_preferences: { args: () => ({ product_news: true }), suspended: true },
  usage_sync: { args: a => ({ device: a.device, want: 1 }) },
  revoke_device: { args: a => ({ device: a.device }), stranger: 'PT404', suspended: true },
  save_workflow: {
    args: a => ({ id: a.workflow, name: 'x', document: '{}', base_version: 2 }),
    stranger: 'PT404',
  },
  rename_workflow: { args: a => ({ id: a.workflow, name: 'x' }), stranger: 'PT404' },
  remove_workflow: { args: a => ({ id: a.workflow }), stranger: 'PT404', suspended: true },
  list_workflows: { suspended: true },
  open_workflow: { args: a => ({ id: a.workflow }), stranger: 'PT404', suspended: true },
  workflow_history: { args: a => ({ id: a.workflow }), stranger: 'PT404', suspended: true },
  share_workflow: { args: a => ({ id: a.workflow }), stranger: 'PT404' },
  unshare_workflow: { args: a => ({ id: a.workflow }), stranger: 'PT404', suspended: true },
  cancel_deletion: { suspended: true },
  shared_workflow: { args: a => ({ token: a.token }), anon: true, service: true, suspended: true },
}

/** For the functions' service role alone. */
const serviceFunctions = [
  'now',
  'take_rate',
  'audit',
  'account_of',
  'suspend',
  'unsuspend',
  'claim_stripe_event',
  'finish_stripe_event',
  'fail_stripe_event',
  'billing_customer',
  'link_billing_customer',
  'apply_subscription',
  'apply_invoice',
  'apply_refund',
  'roll_periods',
  'request_deletion',
  'deletions_due',
  'deletion_reminders_due',
  'log_mail',
  'mail_was_sent',
  'export_user',
  'erase_user',
  'apply_retention',
]

/** Parts of others: nobody calls them from outside. */
const internalFunctions = [
  'keyed_hash',
  'refuse',
  'limit_rate',
  'mailbox',
  'on_user_added',
  'on_user_changed',
  'on_user_deleted',
  'on_profile_suspended',
  'person',
  'person_in_good_standing',
  'person_of_customer',
  'stripe_id',
  'stripe_time',
  'plan_of_price',
  'subscription_brief',
  'subscription_shown',
  'live_subscription',
  'entitlement_of',
  'usage_window',
  'open_period',
  'outstanding',
  'trial_used',
  'trial_used_elsewhere',
  'claim_trial',
  'leave_mailbox',
  'touch_device',
  'count_events',
  'stray_event_age',
  'take_back',
  'capacity',
  'hold_units',
  'usage_brief',
  'usage_shown',
  'own_workflow',
  'clean_workflow_name',
  'store_version',
  'saved_brief',
  'deletion_brief',
  'declared_tables',
  'declared_columns',
  'privacy_gaps',
  'forget',
  'forget_sign_in',
  'plan_brief',
  'profile_brief',
]

describe('functions', () => {
  test('each is declared here, once, and callable by just whom it is declared for', async () => {
    const expected = [
      ...Object.entries(rpcAccess).flatMap(([name, { anon, service }]) =>
        ['public', 'app'].map(schema => ({
          name: `${schema}.${name}`,
          anon: !!anon,
          user: true,
          service: !!service,
        })),
      ),
      ...serviceFunctions.map(name => ({
        name: `app.${name}`,
        anon: false,
        user: false,
        service: true,
      })),
      ...internalFunctions.map(name => ({
        name: `app.${name}`,
        anon: false,
        user: false,
        service: false,
      })),
    ]
    const found = await db.sql`
      select pronamespace::regnamespace::text || '.' || proname as name,
        has_function_privilege('anon', oid, 'execute') as anon,
        has_function_privilege('authenticated', oid, 'execute') as "user",
        has_function_privilege('service_role', oid, 'execute') as service
      from pg_proc where pronamespace::regnamespace::text in ('public', 'app')`
    const byName = (a: Json, b: Json) => (a.name < b.name ? -1 : 1)
    expect([...found].sort(byName)).toEqual(expected.sort(byName))
  })

  test('each sets its search_path; definers live in app, what is public runs as the caller', async () => {
    const loose = await db.sql`
      select proname from pg_proc where pronamespace::regnamespace::text in ('public', 'app')
        and not coalesce(proconfig, '{}') @> array['search_path=""']
        or pronamespace = 'public'::regnamespace and prosecdef`
    expect([...loose]).toEqual([])
  })

  test('each public one says what it takes and gives', async () => {
    const rows = await db.sql`
      select proname, obj_description(oid, 'pg_proc') as says from pg_proc
      where pronamespace = 'public'::regnamespace`
    for (const { proname, says } of rows) expect(says, proname).toContain('→')
  })

  test.each(Object.entries(rpcAccess))('%s', async (name, rpc) => {
    const args = rpc.args?.(ann) ?? {}
    await tried(ann.user, args)
    const anon = await tried('anon', args).catch(error => error.code)
    expect(anon).toEqual(rpc.anon ? undefined : denied)
    const service = await tried('service', args).catch(error => error.code)
    expect(service).toEqual(rpc.service ? undefined : denied)
    if (rpc.stranger) {
      const other = await tried(ben.user, args).catch(error => error.code)
      expect(other).toBe(rpc.stranger)
    }
    const gone = '00000000-0000-4000-8000-000000000000'
    if (!rpc.anon) {
      const ghost = await tried(gone, args).catch(error => error.code)
      expect(ghost, 'a token of a deleted account').toBe('PT401')
    }
    await call(db, 'service', 'suspend', { person: ann.user, reason: 'A test' }, 'app')
    const suspended = await tried(ann.user, args).catch(error => error.code)
    await call(db, 'service', 'unsuspend', { person: ann.user }, 'app')
    const closed = name === 'shared_workflow' ? 'PT404' : undefined
    expect(suspended).toBe(rpc.suspended ? closed : 'PT403')

    /** The call, undone afterwards. */
    async function tried(caller: Caller, values: Json) {
      const names = Object.keys(values).map((key, i) => `${key} => $${i + 1}`)
      const role = caller === 'anon' ? 'anon' : caller === 'service' ? 'service_role' : undefined
      const claims = role ? { role } : { role: 'authenticated' as const, sub: caller }
      const undone = new Error('undone')
      await underRole(db.sql, claims as never, async tx => {
        const text = `select public.${name}(${names.join(', ')})`
        await tx.unsafe(text, Object.values(values))
        throw undone
      }).catch(error => {
        if (error !== undone) throw error
      })
    }
  })
})
