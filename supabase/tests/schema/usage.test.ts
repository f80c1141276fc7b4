// What counts, where, and against which limit.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import { advanceClock, call, days, type Json, refusal, setPrices, subscribe } from './calls.ts'

let db: LocalDatabase
beforeAll(async () => {
  db = await startDatabase()
  await setPrices(db)
})
afterAll(() => db?.stop())

let people = 0
const addPerson = () => db.addUser(`person-${++people}@people.example`)
const laptop = randomUUID()
const usageSync = (user: string, args: Json = {}) =>
  call(db, user, 'usage_sync', { device: laptop, device_name: 'Laptop', ...args })
/** By a clock that is years off, which is no matter with a lease. */
const runsOn = (lease: string | null, n: number, kind = 'workflow', occurredAt = '2020-01-01') =>
  Array.from({ length: n }, () => ({ id: randomUUID(), lease, kind, occurredAt }))
const straysOn = (lease: string | null, n: number, kind?: string) =>
  runsOn(lease, n, kind, new Date().toISOString())

/** Takes leases and uses them up, as one device. → runs that were allowed */
async function runUntilLimit(user: string, device = laptop): Promise<number> {
  let runs = 0
  for (let i = 0; i < 100; i++) {
    const { lease, limitReached } = await usageSync(user, { device, want: 1000 })
    const left = lease ? lease.units - lease.used : 0
    if (left === 0) {
      expect(limitReached).toBe(true)
      return runs
    }
    await usageSync(user, { device, events: runsOn(lease.id, left) })
    runs += left
  }
  throw new Error('No limit in sight.')
}

describe('leases', () => {
  test('asking again, after a lost answer too, gives the same lease', async () => {
    const user = await addPerson()
    const first = await usageSync(user, { want: 3 })
    expect(first).toMatchObject({ accepted: 0, duplicate: 0, lease: { units: 3, used: 0 } })
    expect((await usageSync(user, { want: 3 })).lease).toEqual(first.lease)
    expect((await usageSync(user)).lease).toEqual(first.lease)
    expect((await usageSync(user, { want: 100 })).lease).toEqual({ ...first.lease, units: 5 })
  })

  test('what is left out is nothing', async () => {
    const user = await addPerson()
    const nothing = { device_name: null, events: null, want: null, give_back: null }
    const answer = await usageSync(user, nothing)
    expect(answer).toMatchObject({ accepted: 0, duplicate: 0, lease: null, limitReached: false })
    expect(await refusal(usageSync(user, { device: null }))).toMatchObject({ code: 'bad_batch' })
  })

  test('events count once, whenever and however often they come', async () => {
    const user = await addPerson()
    const { lease } = await usageSync(user, { want: 5 })
    const events = runsOn(lease.id, 3)
    const first = await usageSync(user, { events: [...events, events[0]] })
    expect(first).toMatchObject({ accepted: 3, duplicate: 1, usage: { used: 3, limit: 50 } })
    const again = await usageSync(user, { events: [...events, ...runsOn(lease.id, 1)] })
    expect(again).toMatchObject({ accepted: 1, duplicate: 3, usage: { used: 4 } })
    expect(again.lease).toEqual({ id: lease.id, units: 5, used: 4 })
  })

  test('given back once, whatever is repeated; what is on its way still counts', async () => {
    const user = await addPerson()
    const { lease } = await usageSync(user, { want: 5 })
    const give_back = [{ lease: lease.id, units: 3 }]
    expect((await usageSync(user, { give_back })).lease).toBeNull()
    await usageSync(user, { give_back })
    const [row] = await db.sql`select units, used, returned from public.usage_leases
      where id = ${lease.id}`
    expect(row).toEqual({ units: 5, used: 0, returned: 3 })
    const late = await usageSync(user, { events: runsOn(lease.id, 2), want: 5 })
    expect(late).toMatchObject({ usage: { used: 2 }, lease: { units: 5, used: 0 } })
  })

  test('more than was leased is counted, and noted', async () => {
    const user = await addPerson()
    const { lease } = await usageSync(user, { want: 5 })
    const stray = [...straysOn(randomUUID(), 1), ...straysOn(null, 1)]
    const answer = await usageSync(user, { events: [...runsOn(lease.id, 7), ...stray] })
    expect(answer).toMatchObject({ accepted: 9, usage: { used: 9 } })
    const [note] = await db.sql`select detail from public.audit_log
      where user_id = ${user} and action = 'usage.beyond_lease'`
    expect(note!.detail).toEqual({ withoutLease: 2, beyondUnits: 2 })
  })

  test('a lease of another account is none of mine', async () => {
    const [ann, ben] = [await addPerson(), await addPerson()]
    const { lease } = await usageSync(ann, { want: 5 })
    const give_back = [{ lease: lease.id, units: 5 }]
    await usageSync(ben, { events: straysOn(lease.id, 2), give_back })
    const [row] = await db.sql`select used, returned, closed_at from public.usage_leases
      where id = ${lease.id}`
    expect(row).toEqual({ used: 0, returned: 0, closed_at: null })
    expect((await usageSync(ben)).usage.used).toBe(2)
  })

  test('AI generations have a count of their own', async () => {
    const user = await addPerson()
    const { lease } = await usageSync(user, { want: 5 })
    const { usage } = await usageSync(user, { events: runsOn(lease.id, 2, 'ai') })
    expect(usage).toMatchObject({ used: 0, aiUsed: 2, aiLimit: 10 })
  })

  test('a revoked device gets nothing more; its units are not free for others', async () => {
    const user = await addPerson()
    const { lease } = await usageSync(user, { want: 5 })
    await call(db, user, 'revoke_device', { device: laptop })
    const answer = await usageSync(user, { events: runsOn(lease.id, 2), want: 5 })
    expect(answer).toMatchObject({ accepted: 2, lease: null, deviceRevoked: true })
    const [row] = await db.sql`select app.outstanding(id) as n from public.usage_periods
      where user_id = ${user}`
    expect(row!.n).toBe(3)
  })

  test('an unlimited plan leases without end', async () => {
    const user = await addPerson()
    await db.sql`insert into public.plans (id, name, stripe_price_id, lease_units)
      values ('team', 'Team', 'price_team', 30)`
    await subscribe(db, { user, price: 'price_team' })
    const answer = await usageSync(user, { want: 1000 })
    expect(answer).toMatchObject({ lease: { units: 30 }, usage: { limit: null } })
  })
})

describe('what is refused', () => {
  const cases: [string, Json, string][] = [
    ['a batch of 1001', { events: runsOn(null, 1001) }, 'bad_batch'],
    ['events that are no list', { events: {} }, 'bad_batch'],
    ['an unknown kind', { events: straysOn(null, 1, 'video') }, 'bad_events'],
    ['an event without an id', { events: [{ lease: null }] }, 'bad_events'],
    ['a time that is none', { events: [{ id: randomUUID(), occurredAt: 'soon' }] }, 'bad_events'],
    ['a lease that is no id', { give_back: [{ lease: 'x', units: 1 }] }, 'bad_give_back'],
  ]
  test.each(cases)('%s', async (_, args, code) => {
    const user = await addPerson()
    expect(await refusal(usageSync(user, args))).toMatchObject({ status: 'PT422', code })
    expect(await db.sql`select from public.usage_periods where user_id = ${user}`).toHaveLength(0)
  })

  test('the suspended and the unverified', async () => {
    const user = await addPerson()
    await call(db, 'service', 'suspend', { person: user, reason: 'Abuse' }, 'app')
    const detail = { status: 'PT403', code: 'suspended', reason: 'Abuse' }
    expect(await refusal(usageSync(user))).toMatchObject(detail)
    const fresh = await db.addUser('unverified@people.example', { verified: false })
    expect(await refusal(usageSync(fresh))).toMatchObject({ status: 'PT403', code: 'unverified' })
  })

  test('too many calls', async () => {
    const user = await addPerson()
    await db.sql`update app.rate_rules set calls = 3 where name = 'usage_sync'`
    for (let i = 0; i < 3; i++) await usageSync(user)
    const refused = await refusal(usageSync(user))
    expect(refused).toMatchObject({ status: 'PT429', code: 'rate_limited', remaining: 0 })
    expect(refused.resetSeconds).toBeGreaterThan(0)
    await usageSync(await addPerson())
    await db.sql`update app.rate_rules set calls = 100000 where name = 'usage_sync'`
    await db.sql`delete from app.rate_limits`
  })

  test('a 201st device', async () => {
    const user = await addPerson()
    await db.sql`insert into public.devices (id, user_id, name)
      select gen_random_uuid(), ${user}, 'x' from generate_series(1, 200)`
    expect(await refusal(usageSync(user))).toMatchObject({ code: 'too_many_devices' })
  })
})

describe('one trial a mailbox', () => {
  const sameMailbox: [string, string][] = [
    ['jane.doe@gmail.com', 'JaneDoe+again@googlemail.com'],
    ['sam@work.example', 'sam+2@work.example'],
  ]
  test.each(sameMailbox)('%s and %s share one, also at once', async (first, second) => {
    const [a, b] = [await db.addUser(first), await db.addUser(second)]
    const { lease } = await usageSync(a, { want: 5 })
    await usageSync(a, { events: runsOn(lease.id, 5) })
    const { usage } = await usageSync(b)
    expect(usage).toMatchObject({ kind: 'trial', used: 5, limit: 50 })
    const atOnce = await Promise.all([runUntilLimit(a), runUntilLimit(b)])
    const rest = await runUntilLimit(a)
    expect(5 + atOnce[0] + atOnce[1] + rest).toBe(50)
    expect(await runUntilLimit(b)).toBe(0)
  })

  const othersMailbox: [string, string][] = [
    ['jo.e@work.example', 'joe@work.example'],
    ['joe@gmail.com', 'joe@mail.example'],
  ]
  test.each(othersMailbox)('%s and %s have one each', async (first, second) => {
    const [a, b] = [await db.addUser(first), await db.addUser(second)]
    expect(await runUntilLimit(a)).toBe(50)
    expect((await usageSync(b)).usage.used).toBe(0)
  })

  test('deleting the account and signing up again brings no second one', async () => {
    const first = await db.addUser('returning@gmail.com')
    const { lease } = await usageSync(first, { want: 5 })
    await usageSync(first, { events: runsOn(lease.id, 4) })
    await call(db, 'service', 'erase_user', { person: first }, 'app')
    const second = await db.addUser('r.eturning@gmail.com')
    // The fifth unit was leased and never accounted for.
    expect((await usageSync(second)).usage.used).toBe(5)
    expect(await runUntilLimit(second)).toBe(45)
    await db.sql`delete from auth.users where id = ${second}`
    expect(await runUntilLimit(await db.addUser('returning@gmail.com'))).toBe(0)
  })

  test('nor does moving the account to another address', async () => {
    const first = await db.addUser('mover@people.example')
    expect(await runUntilLimit(first)).toBe(50)
    await db.sql`update auth.users set email = 'moved@people.example' where id = ${first}`
    expect(await runUntilLimit(first)).toBe(0)
    expect(await runUntilLimit(await db.addUser('mover@people.example'))).toBe(0)
  })

  describe('an address moved away and back', () => {
    const move = (user: string, email: string) =>
      db.sql`update auth.users set email = ${email} where id = ${user}`
    const used = async (user: string) => (await usageSync(user)).usage.used

    test('counts its runs once, however often', async () => {
      const user = await db.addUser('to-and-fro@people.example')
      const { lease } = await usageSync(user, { want: 5 })
      await usageSync(user, { events: runsOn(lease.id, 3) })
      for (const name of ['away', 'to-and-fro', 'away', 'elsewhere', 'to-and-fro']) {
        await move(user, `${name}@people.example`)
        // Two units are still leased.
        expect(await used(user), name).toBe(3)
      }
      expect(await runUntilLimit(user)).toBe(47)
      await move(user, 'away@people.example')
      for (const left of ['to-and-fro', 'elsewhere'])
        expect(await runUntilLimit(await db.addUser(`${left}@people.example`)), left).toBe(
          left === 'elsewhere' ? 45 : 0,
        )
    })

    test('counts them once for who took the address meanwhile, too', async () => {
      const first = await db.addUser('shared@people.example')
      const { lease } = await usageSync(first, { want: 5 })
      await usageSync(first, { events: runsOn(lease.id, 5) })
      await move(first, 'other@people.example')
      const second = await db.addUser('shared@people.example')
      expect(await used(second)).toBe(5)
      await move(first, 'shared+again@people.example')
      expect([await used(first), await used(second)]).toEqual([5, 5])
      await db.sql`delete from auth.users where id = ${first}`
      expect(await used(second)).toBe(5)
    })
  })

  test('someone who only typed the address in spoils nothing', async () => {
    await db.addUser('victim@people.example', { verified: false }).then(async id => {
      await db.sql`insert into public.usage_periods (user_id, kind, period_start, workflows)
        values (${id}, 'trial', now(), 50)`
    })
    expect((await usageSync(await db.addUser('victim+x@people.example'))).usage.used).toBe(0)
  })
})

describe('subscriptions', () => {
  test('subscribing opens a period; the lease of the trial still counts there', async () => {
    const user = await addPerson()
    const trial = await usageSync(user, { want: 5 })
    await subscribe(db, { user })
    const paid = await usageSync(user, { events: runsOn(trial.lease.id, 2), want: 1000 })
    expect(paid.usage).toMatchObject({ kind: 'subscription', used: 0, limit: 1000 })
    expect(paid.lease).toMatchObject({ units: 50, used: 0 })
    expect(paid.lease.id).not.toBe(trial.lease.id)
    const periods = await db.sql`select kind, workflows from public.usage_periods
      where user_id = ${user} order by kind desc`
    expect([...periods]).toEqual([
      { kind: 'trial', workflows: 2 },
      { kind: 'subscription', workflows: 0 },
    ])
  })

  test('upgrade and downgrade within a period keep what was counted', async () => {
    const user = await addPerson()
    const start = new Date()
    await db.sql`update public.plans set monthly_workflows = 20, lease_units = 20 where id = 'plus'`
    await subscribe(db, { user, start })
    expect(await runUntilLimit(user)).toBe(20)
    await subscribe(db, { user, start, price: 'price_pro_month' })
    const { usage, lease } = await usageSync(user, { want: 200 })
    expect(usage).toMatchObject({ used: 20, limit: 10000 })
    expect(lease).toMatchObject({ units: 220, used: 20 })
    await usageSync(user, { events: runsOn(lease.id, 30) })
    await subscribe(db, { user, start })
    const back = await usageSync(user, { want: 1000 })
    expect(back).toMatchObject({ usage: { used: 50, limit: 20 }, lease: { units: 220 } })
    await db.sql`update public.plans set monthly_workflows = 1000, lease_units = 50
      where id = 'plus'`
  })

  test('past due counts for the days of grace, then the trial is what is left', async () => {
    const user = await addPerson()
    await subscribe(db, { user, status: 'past_due', more: { latest_invoice: 'in_1' } })
    expect((await usageSync(user)).usage).toMatchObject({ kind: 'subscription', limit: 1000 })
    await db.sql`update public.subscriptions set past_due_since = past_due_since - interval '8 days'
      where user_id = ${user}`
    expect((await usageSync(user)).usage).toMatchObject({ kind: 'trial', limit: 50 })
    const { subscription, plan } = await call(db, user, 'my_account')
    expect(subscription.status).toBe('past_due')
    expect(Date.parse(subscription.graceEnds)).toBe(Date.parse(subscription.pastDueSince) + days(7))
    expect(plan.id).toBe('free')
  })

  const ended: [string, Json][] = [
    ['canceled', { status: 'canceled' }],
    ['unpaid', { status: 'unpaid' }],
    ['incomplete', { status: 'incomplete' }],
    ['paused', { status: 'paused' }],
  ]
  test.each(ended)('%s gives nothing', async (_, more) => {
    const user = await addPerson()
    await subscribe(db, { user, more })
    expect((await usageSync(user)).usage.kind).toBe('trial')
  })

  test('of several the newest live one counts', async () => {
    const user = await addPerson()
    const older = { user, id: 'sub_older', created: new Date(Date.now() - days(9)) }
    await subscribe(db, { user, id: 'sub_newer', price: 'price_pro_month' })
    await subscribe(db, older)
    expect((await call(db, user, 'my_account')).plan.id).toBe('pro')
    await subscribe(db, { user, id: 'sub_newer', status: 'canceled' })
    expect((await call(db, user, 'my_account')).plan.id).toBe('plus')
  })

  test('a yearly subscription has its allowance monthly', async () => {
    const user = await addPerson()
    const start = new Date(Date.now() - days(95))
    const end = new Date(start.getTime() + days(365))
    await subscribe(db, { user, start, end, interval: 'year' })
    const { usage } = await usageSync(user)
    expect(Date.parse(usage.periodStart)).toBeGreaterThan(Date.now() - days(32))
    expect(Date.parse(usage.periodEnd)).toBeGreaterThan(Date.now())
  })

  const months: [string, string, string][] = [
    ['2027-01-31T10:00Z', '2027-01-31T10:00Z', '2027-02-28T10:00Z'],
    ['2027-02-28T09:59Z', '2027-01-31T10:00Z', '2027-02-28T10:00Z'],
    ['2027-02-28T10:00Z', '2027-02-28T10:00Z', '2027-03-31T10:00Z'],
    ['2027-03-31T10:00Z', '2027-03-31T10:00Z', '2027-04-30T10:00Z'],
    ['2028-01-31T09:59Z', '2027-12-31T10:00Z', '2028-01-31T10:00Z'],
    // Not renewed yet as far as we know: the month after.
    ['2028-01-31T10:00Z', '2028-01-31T10:00Z', '2028-02-29T10:00Z'],
  ]
  test.each(months)(
    'of a year from 31 January, %s lies in the month from %s',
    async (at, from, to) => {
      const [month] = await db.sql`
      select w.starts, w.ends from app.usage_window(jsonb_populate_record(
        null::public.subscriptions, ${db.sql.json({
          interval: 'year',
          current_period_start: '2027-01-31T10:00Z',
          current_period_end: '2028-01-31T10:00Z',
        })}), ${new Date(at)}) w`
      expect(month).toEqual({ starts: new Date(from), ends: new Date(to) })
    },
  )
})

// Last: it moves the clock.
test('periods roll over, before Stripe says so and after; late events stay in theirs', async () => {
  const user = await addPerson()
  const start = new Date(Math.floor(Date.now() / 1000) * 1000 - days(29))
  const end = new Date(start.getTime() + days(30))
  await subscribe(db, { user, start, end })
  const old = await usageSync(user, { want: 50 })
  expect(old.lease.units).toBe(50)
  await advanceClock(db, days(2))

  const next = await usageSync(user, { events: runsOn(old.lease.id, 7), want: 10 })
  expect(next.usage).toMatchObject({ used: 0, limit: 1000 })
  expect(Date.parse(next.usage.periodStart)).toBe(end.getTime())
  await usageSync(user, { events: runsOn(next.lease.id, 1) })

  const renewed = { start: end, end: new Date(end.getTime() + days(31)) }
  await subscribe(db, { user, ...renewed, created: start })
  const after = await usageSync(user, { events: runsOn(old.lease.id, 1) })
  expect(after.usage).toMatchObject({ used: 1 })
  expect(Date.parse(after.usage.periodEnd)).toBe(renewed.end.getTime())
  const periods = await db.sql`select workflows from public.usage_periods
    where user_id = ${user} order by period_start`
  expect(periods.map(p => p.workflows)).toEqual([8, 1])

  // Three days after a period's end without a word from Stripe, the plan ends.
  await advanceClock(db, days(32))
  expect((await usageSync(user)).usage.kind).toBe('subscription')
  await advanceClock(db, days(2))
  expect((await usageSync(user)).usage.kind).toBe('trial')
})

test('roll_periods closes what is over and opens what begins, twice the same', async () => {
  const user = await addPerson()
  const [row] = await db.sql`select app.now() as now`
  const start = new Date(row!.now.getTime() - days(29))
  await subscribe(db, { user, start })
  await usageSync(user, { want: 50 })
  const at = new Date(row!.now.getTime() + days(2))
  const first = await call(db, 'service', 'roll_periods', { at }, 'app')
  expect(first.closedLeases).toBeGreaterThanOrEqual(1)
  expect(first.openedPeriods).toBeGreaterThanOrEqual(1)
  const periods = await db.sql`select from public.usage_periods where user_id = ${user}`
  expect(periods).toHaveLength(2)
  const second = await call(db, 'service', 'roll_periods', { at }, 'app')
  expect(second).toEqual({ closedLeases: 0, openedPeriods: 0 })
})
