// Stripe's objects, in whatever order and number they come.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import {
  call,
  days,
  type Json,
  refusal,
  setPrices,
  stripeInvoice,
  stripeSubscription,
} from './calls.ts'

let db: LocalDatabase
beforeAll(async () => {
  db = await startDatabase()
  await setPrices(db)
})
afterAll(() => db?.stop())

let people = 0
const addPerson = () => db.addUser(`person-${++people}@people.example`)
const service = (name: string, args: Json) => call(db, 'service', name, args, 'app')
const apply = (subscription: Json, fetched_at = new Date()) =>
  service('apply_subscription', { subscription, fetched_at })
const row = async (id: string) => {
  const [found] = await db.sql`select * from public.subscriptions where id = ${id}`
  return found
}

describe('subscriptions', () => {
  test('are applied as they are, and say what changed', async () => {
    const user = await addPerson()
    const subscription = stripeSubscription({ user })
    const first = await apply(subscription)
    expect(first).toMatchObject({ applied: true, userId: user, before: null })
    expect(first.after).toMatchObject({ status: 'active', planId: 'plus', amountCents: 900 })
    expect(await apply(subscription)).toMatchObject({ before: first.after, after: first.after })
    const { subscription: shown } = await call(db, user, 'my_account')
    expect(Object.keys(shown).sort()).toEqual([
      'amountCents',
      'cancelAtPeriodEnd',
      'currency',
      'currentPeriodEnd',
      'graceEnds',
      'pastDueSince',
      'planId',
      'status',
      'trialEnd',
    ])
    const log = await db.sql`select action, detail from public.audit_log where user_id = ${user}`
    expect(log).toHaveLength(1)
    expect(log[0]).toMatchObject({ action: 'subscription.changed', detail: { toPlan: 'plus' } })
  })

  test('an older copy never overwrites a newer one, whoever is first', async () => {
    const user = await addPerson()
    const copies = ['incomplete', 'active', 'past_due', 'active', 'canceled'].map((status, i) => ({
      at: new Date(Date.now() + i),
      subscription: stripeSubscription({ user, status }),
    }))
    const shuffled = [3, 0, 4, 2, 1, 4, 0].map(i => copies[i]!)
    await Promise.all(shuffled.map(({ subscription, at }) => apply(subscription, at)))
    expect((await row(copies[0]!.subscription.id))!.status).toBe('canceled')
  })

  const fields: [string, Json, Json][] = [
    ['cancel_at_period_end', { cancel_at_period_end: true }, { cancel_at_period_end: true }],
    ['a trial', { status: 'trialing', trial_end: 1800000000 }, { status: 'trialing' }],
    ['an end', { status: 'canceled', ended_at: 1800000000 }, { status: 'canceled' }],
    [
      'past due since the unpaid invoice',
      { status: 'past_due', latest_invoice: { id: 'in_x', created: 1790000000 } },
      { past_due_since: new Date(1790000000000) },
    ],
    [
      'a customer that is expanded',
      { customer: { id: 'cus_expanded', email: 'x' } },
      { plan_id: 'plus' },
    ],
  ]
  test.each(fields)('%s', async (_, more, expected) => {
    const user = await addPerson()
    const subscription = stripeSubscription({ user, more })
    await apply(subscription)
    expect(await row(subscription.id)).toMatchObject(expected)
  })

  test('cancel_at at the end of the period is the same promise', async () => {
    const user = await addPerson()
    const subscription = stripeSubscription({ user })
    const end = subscription.items.data[0].current_period_end
    await apply({ ...subscription, cancel_at: end })
    expect(await row(subscription.id)).toMatchObject({ cancel_at_period_end: true })
    await apply({ ...subscription, cancel_at: end + 40 * 24 * 3600 })
    expect(await row(subscription.id)).toMatchObject({ cancel_at_period_end: false })
  })

  test('past due keeps its beginning until it is over', async () => {
    const user = await addPerson()
    const late = stripeSubscription({ user, status: 'past_due' })
    const t = Date.now()
    await apply(late, new Date(t))
    await apply(late, new Date(t + days(2)))
    expect((await row(late.id))!.past_due_since.getTime()).toBe(t)
    await apply(stripeSubscription({ user }), new Date(t + days(3)))
    expect((await row(late.id))!.past_due_since).toBeNull()
  })

  test('a price that was replaced keeps its plan; an unknown one is refused', async () => {
    const user = await addPerson()
    await apply(stripeSubscription({ user }))
    await db.sql`update public.plans set stripe_price_id = 'price_plus_2027' where id = 'plus'`
    await apply(stripeSubscription({ user }))
    expect((await call(db, user, 'my_account')).plan.id).toBe('plus')
    await setPrices(db)
    const other = stripeSubscription({ user: await addPerson(), price: 'price_of_nothing' })
    expect(await refusal(apply(other))).toMatchObject({
      status: 'PT422',
      code: 'unknown_price',
      price: 'price_of_nothing',
    })
    other.items.data[0].price.metadata.plan_id = 'pro'
    expect((await apply(other)).after.planId).toBe('pro')
  })

  test('an unknown customer changes nothing', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000'
    const answer = { applied: false, reason: 'unknown_customer' }
    expect(await apply(stripeSubscription({ user: nobody }))).toEqual(answer)
    const metadata = { metadata: { user_id: 'no uuid' } }
    expect(await apply(stripeSubscription({ user: nobody, more: metadata }))).toEqual(answer)
    const invoice = stripeInvoice(nobody)
    expect(await service('apply_invoice', { invoice })).toEqual(answer)
  })

  test('a known customer counts, not what metadata claims', async () => {
    const [ann, ben] = [await addPerson(), await addPerson()]
    await service('link_billing_customer', { person: ann, customer: 'cus_ann' })
    const claimed = stripeSubscription({ user: ben, id: 'sub_x', more: { customer: 'cus_ann' } })
    expect((await apply(claimed)).userId).toBe(ann)
    const again = { person: ann, customer: 'cus_second' }
    expect(await service('link_billing_customer', again)).toBe('cus_ann')
  })
})

test('invoices and refunds: receipts in the account, newest first', async () => {
  const user = await addPerson()
  await apply(stripeSubscription({ user }))
  for (let i = 0; i < 26; i++) {
    const more = { id: `in_${i}`, number: `CR-${i}`, created: 1790000000 + i * 1000 }
    await service('apply_invoice', { invoice: stripeInvoice(user, more) })
  }
  await service('apply_refund', { invoice: 'in_25', refunded_cents: 400 })
  await service('apply_refund', { invoice: 'in_25', refunded_cents: 300 })
  const paidLater = stripeInvoice(user, { id: 'in_25', created: 1790025000, number: 'CR-25' })
  const applied = await service('apply_invoice', { invoice: paidLater })
  expect(applied).toMatchObject({ applied: true, userId: user, before: 'paid', after: 'paid' })
  const { invoices } = await call(db, user, 'my_account')
  expect(invoices).toHaveLength(24)
  expect(invoices[0]).toMatchObject({ id: 'in_25', amountPaidCents: 900, amountRefundedCents: 400 })
  expect(invoices[23].number).toBe('CR-2')
  expect(await service('apply_refund', { invoice: 'in_none', refunded_cents: 1 })).toEqual({
    applied: false,
  })
})

describe('webhook events', () => {
  const event = (id: string) => ({
    id,
    type: 'invoice.paid',
    object_id: 'in_1',
    created: new Date(),
  })

  test('are processed once, also when delivered at once', async () => {
    // Claim, work and finish in one transaction, as the function does.
    const deliver = () =>
      db.sql.begin(async tx => {
        const [claim] = await tx`
          select app.claim_stripe_event('evt_1', 'invoice.paid', 'in_1', now()) as mine`
        if (!claim!.mine) return 0
        await tx`select pg_sleep(0.02)`
        await tx`select app.finish_stripe_event('evt_1')`
        return 1
      })
    const done = await Promise.all(Array.from({ length: 6 }, deliver))
    expect(done.filter(Boolean)).toHaveLength(1)
  })

  test('what failed is noted and may come again', async () => {
    const failure = { ...event('evt_2'), error: `HTTP 500 ${'x'.repeat(400)}` }
    await service('fail_stripe_event', failure)
    expect(await service('claim_stripe_event', event('evt_2'))).toBe(true)
    await service('finish_stripe_event', { id: 'evt_2' })
    expect(await service('claim_stripe_event', event('evt_2'))).toBeNull()
    await service('fail_stripe_event', failure)
    const [stored] = await db.sql`select attempts, error, processed_at from app.stripe_events
      where id = 'evt_2'`
    expect(stored).toMatchObject({ attempts: 2, error: null, processed_at: expect.any(Date) })
  })
})
