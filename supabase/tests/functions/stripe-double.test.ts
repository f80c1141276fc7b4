// The double is only worth its strictness: what Stripe refuses, it refuses, in the same words.
import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type StripeDouble, startStripeDouble } from '../../local/stripe/double.ts'
import { nextPeriodEnd } from '../../local/stripe/period.ts'

let double: StripeDouble
let stripe: Stripe
let nowMs = Date.UTC(2026, 0, 31)
const dayMs = 86_400_000

beforeAll(async () => {
  double = await startStripeDouble({
    webhookUrl: 'http://127.0.0.1:9/nobody',
    secret: 'whsec_test',
    clock: { now: () => nowMs },
  })
  double.webhooks.lose()
  const { hostname: host, port } = new URL(double.url)
  stripe = new Stripe(double.apiKey, {
    host,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  })
})
afterAll(() => double?.stop())

const refused = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(Stripe.errors.StripeError)
  const { type, code, param } = error as Stripe.errors.StripeError
  return { type, code, param }
}

test('unknown, missing and wrong parameters are refused', async () => {
  const invalid = 'StripeInvalidRequestError'
  const create = (params: object) => refused(stripe.checkout.sessions.create(params as never))
  const customer = (await stripe.customers.create({ email: 'a@example.test' })).id
  const good = {
    mode: 'subscription',
    customer,
    success_url: 'https://x.test/ok',
    line_items: [{ price: 'price_plus_month', quantity: 1 }],
  }
  expect(await create({ ...good, line_itemz: 1 })).toEqual({
    type: invalid,
    code: 'parameter_unknown',
    param: 'line_itemz',
  })
  expect(await create({ ...good, mode: undefined })).toEqual({
    type: invalid,
    code: 'parameter_missing',
    param: 'mode',
  })
  expect(await create({ ...good, mode: 'banana' })).toMatchObject({ type: invalid, param: 'mode' })
  expect(await create({ ...good, line_items: [{ prize: 'x', quantity: 1 }] })).toMatchObject({
    type: invalid,
    param: 'line_items[0][price]',
  })
  expect(await create({ ...good, customer: 'cus_none' })).toMatchObject({
    code: 'resource_missing',
  })
  expect(await refused(stripe.subscriptions.retrieve('sub_none'))).toMatchObject({
    code: 'resource_missing',
  })
  expect(await refused(stripe.payouts.list())).toMatchObject({ type: invalid })
  expect(
    await refused(
      new Stripe('sk_test_wrong', {
        host: '127.0.0.1',
        port: new URL(double.url).port,
        protocol: 'http',
      }).customers.list(),
    ),
  ).toMatchObject({ type: 'StripeAuthenticationError' })
})

test('an idempotency key gives the same answer, and refuses other parameters', async () => {
  const options = { idempotencyKey: 'customer:1' }
  const one = await stripe.customers.create({ email: 'k@example.test' }, options)
  const two = await stripe.customers.create({ email: 'k@example.test' }, options)
  expect(two.id).toBe(one.id)
  expect(two.lastResponse.headers['idempotent-replayed']).toBe('true')
  expect(
    await refused(stripe.customers.create({ email: 'z@example.test' }, options)),
  ).toMatchObject({ type: 'StripeIdempotencyError' })
})

test('lists come a page at a time, newest first', async () => {
  for (let n = 0; n < 5; n += 1) await stripe.customers.create({ email: 'many@example.test' })
  const page = await stripe.customers.list({ email: 'many@example.test', limit: 2 })
  expect([page.data.length, page.has_more]).toEqual([2, true])
  const all = await stripe.customers
    .list({ email: 'many@example.test', limit: 2 })
    .autoPagingToArray({ limit: 50 })
  expect(new Set(all.map(({ id }) => id)).size).toBe(5)
})

test('months keep their day, as far as the month has it', () => {
  const day = (text: string) => Date.parse(text) / 1000
  const anchor = day('2026-01-31T10:00:00Z')
  expect(nextPeriodEnd(anchor, 'month', anchor)).toBe(day('2026-02-28T10:00:00Z'))
  expect(nextPeriodEnd(day('2026-02-28T10:00:00Z'), 'month', anchor)).toBe(
    day('2026-03-31T10:00:00Z'),
  )
  expect(nextPeriodEnd(day('2028-02-29T10:00:00Z'), 'year', day('2028-02-29T10:00:00Z'))).toBe(
    day('2029-02-28T10:00:00Z'),
  )
})

test('time renews, fails, retries and ends', async () => {
  const { id: customer } = await stripe.customers.create({ email: 'time@example.test' })
  const made = await double.subscribe(customer, 'price_plus_month', { later: 'fails' })
  const seen = async () => (await stripe.subscriptions.retrieve(made.id)).status
  expect(await seen()).toBe('active')
  nowMs += 32 * dayMs
  expect(await seen()).toBe('past_due')
  const [open] = (await stripe.invoices.list({ subscription: made.id, status: 'open' })).data
  expect(open).toMatchObject({
    amount_due: 900,
    attempt_count: 2,
    billing_reason: 'subscription_cycle',
  })
  nowMs += 20 * dayMs
  expect(await seen()).toBe('canceled')
  const types = double.events
    .filter(({ data }) => data.object.customer === customer)
    .map(({ type }) => type)
  expect(types.filter(type => type === 'invoice.payment_failed').length).toBe(4)
  expect(types.at(-1)).toBe('customer.subscription.deleted')
})

test('a dearer plan is charged for what is left, a cheaper one leaves credit', async () => {
  const { id: customer } = await stripe.customers.create({ email: 'change@example.test' })
  const made = await double.subscribe(customer, 'price_plus_month')
  const item = made.items.data[0]!
  nowMs += ((item.current_period_end - item.current_period_start) * 1000) / 2
  const up = await stripe.subscriptions.update(made.id, {
    items: [{ id: item.id, price: 'price_pro_month' }],
    proration_behavior: 'always_invoice',
  })
  expect(up.items.data[0]!.price.id).toBe('price_pro_month')
  const [bill] = (await stripe.invoices.list({ subscription: made.id, limit: 1 })).data
  expect(bill).toMatchObject({
    billing_reason: 'subscription_update',
    amount_paid: 1000,
    status: 'paid',
  })
  await stripe.subscriptions.update(made.id, {
    items: [{ id: item.id, price: 'price_plus_month' }],
    proration_behavior: 'always_invoice',
  })
  expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -1000 })
  nowMs += 20 * dayMs
  const [renewal] = (await stripe.invoices.list({ subscription: made.id, limit: 1 })).data
  expect(renewal).toMatchObject({
    billing_reason: 'subscription_cycle',
    total: 900,
    amount_due: 0,
    ending_balance: -100,
  })
})

test('refunds add up to what was paid and no further', async () => {
  const { id: customer } = await stripe.customers.create({ email: 'refund@example.test' })
  const made = await double.subscribe(customer, 'price_pro_month')
  const invoice = await stripe.invoices.retrieve(String(made.latest_invoice), {
    expand: ['payments'],
  })
  const payment_intent = String(invoice.payments!.data[0]!.payment.payment_intent)
  await stripe.refunds.create({ payment_intent, amount: 1000 })
  expect(await refused(stripe.refunds.create({ payment_intent, amount: 2000 }))).toMatchObject({
    param: 'amount',
  })
  await stripe.refunds.create({ payment_intent })
  expect(await refused(stripe.refunds.create({ payment_intent }))).toMatchObject({
    code: 'charge_already_refunded',
  })
  const { data } = await stripe.refunds.list({ payment_intent })
  expect(data.map(({ amount }) => amount)).toEqual([1900, 1000])
})

test('its pages work without script: pay, decline, cancel, resume, change', async () => {
  const { id: customer } = await stripe.customers.create({ email: 'pages@example.test' })
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer,
    success_url: 'https://x.test/ok?id={CHECKOUT_SESSION_ID}',
    line_items: [{ price: 'price_plus_month', quantity: 1 }],
  })
  const post = (path: string, fields: Record<string, string> = {}) =>
    fetch(new URL(path, double.url), {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
    })
  const shown = await (await fetch(session.url!)).text()
  expect(shown).toContain('Subscribe to Plus')
  expect(shown).toContain('<button>Pay</button>')
  const declined = await post(session.url!, { card: '4000 0000 0000 0002' })
  expect(await declined.text()).toContain('Your card was declined.')
  const paid = await post(session.url!, { card: '4242 4242 4242 4242' })
  expect([paid.status, paid.headers.get('location')]).toEqual([
    303,
    `https://x.test/ok?id=${session.id}`,
  ])

  const portal = await stripe.billingPortal.sessions.create({
    customer,
    return_url: 'https://x.test/back',
  })
  const page = async () => (await fetch(portal.url)).text()
  expect(await page()).toContain('Cancel plan')
  await post(`${portal.url}/cancel`)
  expect(await page()).toContain('Resume')
  await post(`${portal.url}/resume`)
  await post(`${portal.url}/change`, { price: 'price_pro_month' })
  const [live] = (await stripe.subscriptions.list({ customer })).data
  expect(live).toMatchObject({ cancel_at_period_end: false, status: 'active' })
  expect(live!.items.data[0]!.price.id).toBe('price_pro_month')
})
