// Stripe's webhooks: twice, late, out of order, badly signed, lost, and while the database restarts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseTime } from '../../functions/_shared/billing.ts'
import type { StripeEvent } from '../../local/stripe/double.ts'
import { dayMs, type Fixture, type Person, startFixture } from './fixture.ts'

let cloud: Fixture
beforeAll(async () => {
  cloud = await startFixture()
})
afterAll(() => cloud?.stop())

/** What the account pages show, without when it was written. */
async function billingOf(userId: string) {
  const { sql } = cloud.database
  return {
    subscriptions: await sql`
      select id, plan_id, status, price_id, amount_cents, currency, interval, current_period_start,
        current_period_end, cancel_at_period_end, trial_end, past_due_since, ended_at
      from public.subscriptions where user_id = ${userId} order by id`,
    invoices: await sql`
      select id, subscription_id, number, status, amount_paid_cents, amount_refunded_cents, currency
      from public.invoices where user_id = ${userId} order by id`,
    customers: await sql`
      select stripe_customer_id from app.billing_customers where user_id = ${userId}`,
  }
}

const customerOf = async (person: Person): Promise<string> =>
  (await billingOf(person.id)).customers[0]!.stripe_customer_id

const templatesTo = (person: Person) =>
  cloud.mails.filter(mail => mail.to === person.email).map(mail => mail.template)

/** Everything that can happen to a subscription in two months. */
async function live(person: Person): Promise<string> {
  const { stripe } = cloud
  const id = await cloud.subscribe(person, 'plus', '4000 0000 0000 0341')
  const subscription = stripe.account.subscriptions.get(id)!
  stripe.account.changePlan(
    subscription,
    stripe.account.prices.get('price_pro_month')!,
    'always_invoice',
  )
  stripe.account.payOpen(String(subscription.customer))
  await cloud.advance(32 * dayMs)
  const invoice = stripe.account.subscriptionsOf(String(subscription.customer))[0]!.latest_invoice
  await stripe.refund(String(invoice), 1000)
  stripe.account.cancelAtPeriodEnd(subscription, true)
  await stripe.webhooks.settled()
  return id
}

const shuffled = (events: StripeEvent[]): StripeEvent[] =>
  // A fixed order that is none: by a digest of the id's characters.
  [...events].sort((a, b) => mixed(a.id) - mixed(b.id))

const mixed = (text: string): number =>
  [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) % 9973, 7)

test('a checkout makes a subscription, a receipt and a mail', async () => {
  const person = await cloud.person()
  const id = await cloud.subscribe(person)
  const { subscriptions, invoices } = await billingOf(person.id)
  expect(subscriptions).toMatchObject([
    {
      id,
      plan_id: 'plus',
      status: 'active',
      amount_cents: 900,
      currency: 'eur',
      interval: 'month',
    },
  ])
  expect(invoices).toMatchObject([{ status: 'paid', amount_paid_cents: 900, subscription_id: id }])
  expect(templatesTo(person)).toEqual(['subscription-started'])
})

describe('a life of two months ends in the same rows when its webhooks come', () => {
  const ways: Record<string, (run: () => Promise<void>) => Promise<void>> = {
    'as they happen': run => run(),
    late: async run => {
      cloud.stripe.webhooks.hold()
      await run()
      await cloud.stripe.webhooks.release()
    },
    backwards: async run => {
      cloud.stripe.webhooks.hold()
      await run()
      await cloud.stripe.webhooks.release(events => events.toReversed())
    },
    'in no order, each twice': async run => {
      cloud.stripe.webhooks.hold()
      await run()
      await cloud.stripe.webhooks.release(events => shuffled([...events, ...events]))
    },
    'while the database restarts': async run => {
      cloud.stripe.webhooks.hold()
      await run()
      const delivered = cloud.stripe.webhooks.release()
      await cloud.database.restart()
      await delivered
    },
    'never, but reconciliation runs': async run => {
      cloud.stripe.webhooks.lose()
      await run()
      await cloud.stripe.webhooks.release()
      await cloud.cron('reconcile')
    },
  }

  test.each(Object.entries(ways))('%s', async (_way, deliver) => {
    const person = await cloud.person()
    let id = ''
    await deliver(async () => {
      id = await live(person)
    })
    const subscription = cloud.stripe.account.subscriptions.get(id)!
    const bills = [...cloud.stripe.account.invoices.values()].filter(
      invoice => invoice.customer === subscription.customer,
    )
    const rows = await billingOf(person.id)
    expect(rows.subscriptions).toMatchObject([
      {
        id,
        plan_id: 'pro',
        status: 'active',
        amount_cents: 2900,
        cancel_at_period_end: true,
        past_due_since: null,
        current_period_end: new Date(subscription.items.data[0]!.current_period_end * 1000),
      },
    ])
    expect(rows.customers).toEqual([{ stripe_customer_id: subscription.customer }])
    expect(bills.length).toBe(3)
    expect(
      rows.invoices.map(({ id, status, amount_paid_cents, amount_refunded_cents }) => ({
        id,
        status,
        amount_paid_cents,
        amount_refunded_cents,
      })),
    ).toEqual(
      bills
        .map(bill => ({
          id: bill.id,
          status: 'paid',
          amount_paid_cents: bill.amount_paid,
          amount_refunded_cents: bill.billing_reason === 'subscription_cycle' ? 1000 : 0,
        }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    )
    // No mail went out twice, whatever came twice.
    const sent = templatesTo(person)
    expect(sent.filter(template => template === 'refunded')).toEqual(['refunded'])
    const before = JSON.stringify(rows)
    const mails = cloud.mails.length
    const mine = cloud.stripe.events.filter(
      ({ data }) =>
        data.object.customer === subscription.customer || data.object.id === subscription.customer,
    )
    expect(mine.length).toBeGreaterThan(15)
    for (const event of mine) expect(await cloud.stripe.resend(event)).toBe(200)
    expect(JSON.stringify(await billingOf(person.id))).toBe(before)
    expect(cloud.mails.length).toBe(mails)
  })
})

test('one delivery of each event counts, and repeats say so', async () => {
  const person = await cloud.person()
  await cloud.subscribe(person)
  const event = cloud.stripe.events.at(-1)!
  expect(await cloud.stripe.resend(event)).toBe(200)
  const [row] = await cloud.database.sql`
    select attempts, processed_at from app.stripe_events where id = ${event.id}`
  expect(row!.attempts).toBe(1)
  expect(row!.processed_at).not.toBeNull()
})

test('ten deliveries at the same moment have one effect', async () => {
  const person = await cloud.person()
  cloud.stripe.webhooks.hold()
  await cloud.subscribe(person)
  const held = cloud.stripe.events
    .filter(({ type }) => type === 'customer.subscription.created')
    .at(-1)!
  const statuses = await Promise.all(Array.from({ length: 10 }, () => cloud.stripe.resend(held)))
  expect(statuses).toEqual(Array(10).fill(200))
  await cloud.stripe.webhooks.release()
  const audits = await cloud.database.sql`
    select 1 from public.audit_log where user_id = ${person.id} and action = 'subscription.changed'`
  expect(audits.length).toBe(1)
  expect(templatesTo(person)).toEqual(['subscription-started'])
})

test.each([
  ['signed by somebody else', { badSignature: true }],
  ['signed ten minutes ago', { signedAtMs: 0 }],
])('what is %s is refused and changes nothing', async (_what, how) => {
  const person = await cloud.person()
  cloud.stripe.webhooks.lose()
  await cloud.subscribe(person)
  await cloud.stripe.webhooks.release()
  const event = cloud.stripe.events.findLast(
    ({ type }) => type === 'customer.subscription.created',
  )!
  const signedAtMs = 'signedAtMs' in how ? cloud.now() - 10 * 60_000 : undefined
  expect(await cloud.stripe.resend(event, { ...how, signedAtMs })).toBe(400)
  expect((await billingOf(person.id)).subscriptions).toEqual([])
  const seen = await cloud.database.sql`select 1 from app.stripe_events where id = ${event.id}`
  expect(seen.length).toBe(0)
})

test('a body that was changed on the way is refused', async () => {
  const answer = await cloud.call('POST', '/stripe/webhook', {
    raw: '{"id":"evt_1","type":"customer.subscription.deleted"}',
    headers: { 'stripe-signature': 't=1,v1=00' },
  })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ code: 'bad_signature' })
})

test('types that mean nothing to us are taken and ignored', async () => {
  const event = cloud.stripe.emit('radar.early_fraud_warning.created', {
    id: 'issfr_1',
    object: 'x',
  })
  await cloud.stripe.webhooks.settled()
  const [row] = await cloud.database
    .sql`select processed_at from app.stripe_events where id = ${event.id}`
  expect(row!.processed_at).not.toBeNull()
})

test('someone else’s customer changes nothing', async () => {
  const stranger = cloud.stripe.account.createCustomer({ email: 'stranger@example.test' })
  const made = await cloud.stripe.subscribe(stranger.id, 'price_plus_month')
  const rows = await cloud.database.sql`select 1 from public.subscriptions where id = ${made.id}`
  expect(rows.length).toBe(0)
  expect(
    cloud.stripe.failures.filter(
      ({ event }) =>
        cloud.stripe.events.find(one => one.id === event)?.data.object.customer === stranger.id,
    ),
  ).toEqual([])
})

test('while mails cannot be sent the rows are right, and the mail follows', async () => {
  const person = await cloud.person()
  cloud.mailTrouble(true)
  const paid = cloud.subscribe(person)
  await expect.poll(async () => (await billingOf(person.id)).subscriptions.length).toBe(1)
  expect(templatesTo(person)).toEqual([])
  cloud.mailTrouble(false)
  await paid
  expect(templatesTo(person)).toEqual(['subscription-started'])
})

test('a copy that was fetched earlier does not undo a later one', async () => {
  const person = await cloud.person()
  const id = await cloud.subscribe(person)
  const old = JSON.parse(JSON.stringify(cloud.stripe.account.subscriptions.get(id)))
  const earlier = await databaseTime(cloud.database.sql)
  cloud.stripe.account.cancel(cloud.stripe.account.subscriptions.get(id)!)
  await cloud.stripe.webhooks.settled()
  await cloud.database
    .sql`select app.apply_subscription(${cloud.database.sql.json(old)}, ${earlier})`
  expect((await billingOf(person.id)).subscriptions).toMatchObject([{ status: 'canceled' }])
})

test('a new price of a plan is sold from now on', async () => {
  const { account } = cloud.stripe
  const before = { ...account.prices.get('price_pro_month')! }
  const made = account.createPrice({
    product: String(before.product),
    unit_amount: 3100,
    currency: 'eur',
    interval: 'month',
    metadata: { plan_id: 'pro' },
  })
  made.created = before.created + 10
  await cloud.stripe.webhooks.settled()
  cloud.stripe.emit('price.updated', made)
  await cloud.stripe.webhooks.settled()
  const plan = async () =>
    (
      await cloud.database
        .sql`select stripe_price_id, price_cents from public.plans where id = 'pro'`
    )[0]
  expect(await plan()).toEqual({ stripe_price_id: made.id, price_cents: 3100 })
  account.updatePrice(made, { active: false, metadata: made.metadata })
  await cloud.stripe.webhooks.settled()
  expect(await plan()).toEqual({ stripe_price_id: 'price_pro_month', price_cents: 2900 })
})

test('a price that no plan has stops only its own subscription, and is mended by naming the plan', async () => {
  const [odd, other] = [await cloud.person(), await cloud.person()]
  await cloud.subscribe(other)
  await cloud.call('POST', '/checkout', { token: odd.token, body: { planId: 'plus' } })
  const [customer] = (await billingOf(odd.id)).customers
  const { account, webhooks } = cloud.stripe
  webhooks.lose()
  const price = account.createPrice({
    product: 'Unnamed',
    unit_amount: 100,
    currency: 'eur',
    interval: 'month',
  })
  account.subscribe(customer!.stripe_customer_id, price)
  account.cancelAtPeriodEnd(account.subscriptionsOf(await customerOf(other))[0]!, true)
  await webhooks.release()
  const event = cloud.stripe.events.findLast(
    ({ type }) => type === 'customer.subscription.created',
  )!
  expect(await cloud.stripe.resend(event)).toBe(422)
  const [seen] = await cloud.database.sql`
    select error, processed_at from app.stripe_events where id = ${event.id}`
  expect(seen).toEqual({ error: 'PostgresError PT422', processed_at: null })

  expect((await cloud.cron('reconcile')).failed).toBe(1)
  expect((await billingOf(other.id)).subscriptions).toMatchObject([{ cancel_at_period_end: true }])
  account.updatePrice(price, { metadata: { plan_id: 'plus' } })
  await webhooks.settled()
  expect((await cloud.cron('reconcile')).failed).toBe(0)
  expect((await billingOf(odd.id)).subscriptions).toMatchObject([{ plan_id: 'plus' }])
  account.updatePrice(price, { active: false, metadata: {} })
  await webhooks.settled()
})

test('a customer deleted at Stripe is forgotten, and the next checkout makes another', async () => {
  const person = await cloud.person()
  await cloud.subscribe(person)
  const [row] = (await billingOf(person.id)).customers
  cloud.stripe.account.deleteCustomer(row!.stripe_customer_id)
  await cloud.stripe.webhooks.settled()
  expect((await billingOf(person.id)).subscriptions).toMatchObject([{ status: 'canceled' }])
  await cloud.subscribe(person)
  expect((await billingOf(person.id)).customers).not.toEqual([row])
})
