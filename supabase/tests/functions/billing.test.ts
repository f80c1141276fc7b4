// Checkout, the portal, and what becomes of a plan over time.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dayMs, type Fixture, type Person, startFixture } from './fixture.ts'

let cloud: Fixture
beforeAll(async () => {
  cloud = await startFixture()
})
afterAll(() => cloud?.stop())

const checkout = (person: Person, planId = 'plus') =>
  cloud.call('POST', '/checkout', { token: person.token, body: { planId } })
const portal = (person: Person, flow?: string) =>
  cloud.call('POST', '/portal', { token: person.token, body: flow ? { flow } : {} })
const url = async (answer: Response | Promise<Response>): Promise<string> => {
  const { status, url } = { status: (await answer).status, ...(await (await answer).json()) }
  expect(status).toBe(200)
  return url
}
const refusal = async (answer: Promise<Response>) => {
  const { status, code } = await (await answer).json()
  return `${status} ${code}`
}
/** Presses a button of a hosted page. */
const press = (page: string, fields: Record<string, string> = {}) =>
  fetch(page, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
const account = async (person: Person) =>
  (await cloud.database.asUser(person.id, 'select public.my_account() as account'))[0]!.account
const templates = (person: Person) =>
  cloud.mails.filter(({ to }) => to === person.email).map(({ template }) => template)
const live = (person: Person) =>
  [...cloud.stripe.account.subscriptions.values()].filter(
    ({ metadata, status }) => metadata.user_id === person.id && status !== 'canceled',
  )

describe('checkout', () => {
  test('paying raises the limits, and its pages lead back', async () => {
    const person = await cloud.person()
    expect((await account(person)).plan.id).toBe('free')
    const page = await url(checkout(person))
    const answer = await press(page, { card: '4242 4242 4242 4242' })
    expect(answer.headers.get('location')).toBe(
      'http://127.0.0.1:54321/functions/v1/account/return?result=subscribed',
    )
    await cloud.stripe.webhooks.settled()
    expect(await account(person)).toMatchObject({
      plan: { id: 'plus' },
      usage: { kind: 'subscription', limit: 1000 },
      subscription: {
        status: 'active',
        amountCents: 900,
        currency: 'eur',
        cancelAtPeriodEnd: false,
      },
      invoices: [
        { status: 'paid', amountPaidCents: 900, number: expect.stringMatching(/^LOCAL-/) },
      ],
    })
  })

  test('asking again, also ten times at once, leads to one checkout', async () => {
    const person = await cloud.person()
    const answers = await Promise.all(Array.from({ length: 10 }, () => checkout(person)))
    const urls = await Promise.all(answers.map(answer => url(answer)))
    expect(new Set(urls).size).toBe(1)
    expect(await url(checkout(person))).toBe(urls[0])
    const customers = [...cloud.stripe.account.customers.values()].filter(
      customer => !customer.deleted && customer.metadata.user_id === person.id,
    )
    expect(customers.length).toBe(1)
  })

  test('another plan replaces the open checkout: only one can be paid', async () => {
    const person = await cloud.person()
    const plus = await url(checkout(person, 'plus'))
    const pro = await url(checkout(person, 'pro'))
    expect(pro).not.toBe(plus)
    expect((await press(plus, { card: '4242424242424242' })).status).toBe(404)
    expect((await press(pro, { card: '4242424242424242' })).status).toBe(303)
    await cloud.stripe.webhooks.settled()
    expect(live(person).length).toBe(1)
  })

  test('a second plan is refused, also before the first one’s webhook has come', async () => {
    const person = await cloud.person()
    const page = await url(checkout(person))
    cloud.stripe.webhooks.hold()
    await press(page, { card: '4242424242424242' })
    expect(await refusal(checkout(person, 'pro'))).toBe('409 already_subscribed')
    // Asking made it known.
    expect((await account(person)).plan.id).toBe('plus')
    await cloud.stripe.webhooks.release()
  })

  test('a card that is declined buys nothing', async () => {
    const person = await cloud.person()
    const page = await url(checkout(person))
    expect(await (await press(page, { card: '4000000000000002' })).text()).toContain('declined')
    expect((await account(person)).plan.id).toBe('free')
  })

  test('is refused for what is not for sale, and to whom may not buy', async () => {
    const person = await cloud.person()
    expect(await refusal(checkout(person, 'gold'))).toBe('404 no_plan')
    expect(await refusal(checkout(person, 'free'))).toBe('404 no_plan')
    expect(await refusal(checkout(await cloud.person({ verified: false })))).toBe('403 unverified')
    const suspended = await cloud.person()
    await cloud.database.sql`select app.suspend(${suspended.id}, 'abuse')`
    expect(await refusal(checkout(suspended))).toBe('403 suspended')
    const leaving = await cloud.person()
    await cloud.call('POST', '/deletion', { token: leaving.token })
    expect(await refusal(checkout(leaving))).toBe('409 deletion_pending')
  })

  test('the address at Stripe follows the account', async () => {
    const person = await cloud.person()
    await cloud.subscribe(person)
    const [subscription] = live(person)
    cloud.stripe.account.cancel(subscription!)
    await cloud.stripe.webhooks.settled()
    await cloud.database
      .sql`update auth.users set email = ${`new-${person.email}`} where id = ${person.id}`
    await url(checkout(person))
    const customer = cloud.stripe.account.liveCustomer(String(subscription!.customer))
    expect(customer?.email).toBe(`new-${person.email}`)
  })
})

describe('the portal', () => {
  test('changes, cancels and resumes', async () => {
    const person = await cloud.person()
    await cloud.subscribe(person)
    const update = await url(portal(person, 'update'))
    const changed = await press(`${update}/change`, { price: 'price_pro_month' })
    expect(changed.headers.get('location')).toContain('/return?result=update')
    await cloud.stripe.webhooks.settled()
    expect(await account(person)).toMatchObject({ plan: { id: 'pro' }, usage: { limit: 10000 } })

    await press(`${await url(portal(person, 'update'))}/change`, { price: 'price_plus_month' })
    await cloud.stripe.webhooks.settled()
    expect((await account(person)).plan.id).toBe('plus')

    await press(`${await url(portal(person, 'cancel'))}/cancel`)
    await cloud.stripe.webhooks.settled()
    expect((await account(person)).subscription).toMatchObject({
      status: 'active',
      cancelAtPeriodEnd: true,
    })
    expect(await refusal(portal(person, 'cancel'))).toBe('409 already_ending')

    await press(`${await url(portal(person))}/resume`)
    await cloud.stripe.webhooks.settled()
    expect((await account(person)).subscription.cancelAtPeriodEnd).toBe(false)
    expect(templates(person)).toEqual(['subscription-started', 'subscription-started'])
  })

  test('has nothing for who never subscribed, and nothing to change for who left', async () => {
    const person = await cloud.person()
    expect(await refusal(portal(person))).toBe('404 no_billing')
    await cloud.subscribe(person)
    cloud.stripe.account.cancel(live(person)[0]!)
    await cloud.stripe.webhooks.settled()
    expect(await refusal(portal(person, 'cancel'))).toBe('409 no_subscription')
    expect(await refusal(portal(person, 'update'))).toBe('409 no_subscription')
    expect(await url(portal(person, 'manage'))).toContain('/p/session/')
  })
})

describe('time', () => {
  test('a cancelled plan counts until its period ends, then is over', async () => {
    const person = await cloud.person()
    await cloud.subscribe(person)
    await press(`${await url(portal(person, 'cancel'))}/cancel`)
    await cloud.advance(20 * dayMs)
    expect((await account(person)).plan.id).toBe('plus')
    await cloud.advance(12 * dayMs)
    expect(await account(person)).toMatchObject({
      plan: { id: 'free' },
      subscription: { status: 'canceled' },
    })
    expect(templates(person)).toEqual(['subscription-started', 'subscription-ended'])
  })

  test('a failed payment is told at each attempt; paying mends it', async () => {
    const person = await cloud.person()
    await cloud.subscribe(person, 'plus', '4000 0000 0000 0341')
    await cloud.advance(32 * dayMs)
    const due = await account(person)
    expect(due).toMatchObject({ plan: { id: 'plus' }, subscription: { status: 'past_due' } })
    expect(Date.parse(due.subscription.graceEnds) - Date.parse(due.subscription.pastDueSince)).toBe(
      7 * dayMs,
    )
    expect(templates(person)).toEqual(['subscription-started', 'payment-failed'])
    await cloud.advance(3 * dayMs)
    expect(templates(person).filter(template => template === 'payment-failed').length).toBe(2)
    await press(`${await url(portal(person))}/pay`)
    await cloud.stripe.webhooks.settled()
    expect((await account(person)).subscription).toMatchObject({
      status: 'active',
      pastDueSince: null,
      graceEnds: null,
    })
    expect(
      (await account(person)).invoices.map(({ status }: { status: string }) => status),
    ).toEqual(['paid', 'paid'])
  })

  test('who does not pay is on the free plan when the grace is over, and at last without plan', async () => {
    const person = await cloud.person()
    await cloud.subscribe(person, 'plus', '4000 0000 0000 0341')
    await cloud.advance(32 * dayMs)
    await cloud.advance(7 * dayMs)
    expect(await account(person)).toMatchObject({
      plan: { id: 'free' },
      subscription: { status: 'past_due' },
    })
    await cloud.advance(10 * dayMs)
    expect((await account(person)).subscription.status).toBe('canceled')
    expect(templates(person)).toContain('subscription-ended')
  })

  test('a trial is free until it ends, is told of three days before, then costs', async () => {
    const person = await cloud.person()
    await url(checkout(person))
    const [customer] = await cloud.database.sql`
      select stripe_customer_id as id from app.billing_customers where user_id = ${person.id}`
    await cloud.stripe.subscribe(customer!.id, 'price_pro_month', { trialDays: 14 })
    expect(await account(person)).toMatchObject({
      plan: { id: 'pro' },
      subscription: { status: 'trialing', trialEnd: expect.any(String) },
    })
    await cloud.advance(10 * dayMs)
    expect(templates(person)).toEqual(['subscription-started'])
    await cloud.advance(1.5 * dayMs)
    expect(templates(person)).toEqual(['subscription-started', 'trial-ending'])
    await cloud.advance(3 * dayMs)
    expect((await account(person)).subscription.status).toBe('active')
    expect((await account(person)).invoices[0]).toMatchObject({
      status: 'paid',
      amountPaidCents: 2900,
    })
  })

  test('a refund stands on the receipt, in parts and in full', async () => {
    const person = await cloud.person()
    const id = await cloud.subscribe(person)
    const invoice = String(cloud.stripe.account.subscriptions.get(id)!.latest_invoice)
    await cloud.stripe.refund(invoice, 400)
    expect((await account(person)).invoices).toMatchObject([
      { amountPaidCents: 900, amountRefundedCents: 400 },
    ])
    await cloud.stripe.refund(invoice)
    expect((await account(person)).invoices).toMatchObject([{ amountRefundedCents: 900 }])
    const mails = cloud.mails.filter(
      ({ to, template }) => to === person.email && template === 'refunded',
    )
    expect(mails.map(({ text }) => /€\d+\.\d\d/.exec(text)![0])).toEqual(['€4.00', '€9.00'])
    const [audit] = await cloud.database.sql`
      select count(*)::int as rows from public.audit_log where user_id = ${person.id} and action = 'invoice.refunded'`
    expect(audit!.rows).toBe(2)
  })

  test('a new price is told of 30 days before it is charged, and not charged in between', async () => {
    const person = await cloud.person()
    const { account: stripe } = cloud.stripe
    const id = await cloud.subscribe(person)
    await cloud.advance(dayMs)
    const dearer = stripe.createPrice({
      product: 'Plus',
      unit_amount: 1100,
      currency: 'eur',
      interval: 'month',
      metadata: { plan_id: 'plus' },
    })
    await cloud.stripe.webhooks.settled()
    const price = () => stripe.subscriptions.get(id)!.items.data[0]!.price.id
    const paid = () =>
      [...stripe.invoices.values()]
        .filter(({ parent }) => parent?.subscription_details?.subscription === id)
        .map(({ total }) => total)

    await cloud.cron('reminders')
    await cloud.cron('reminders')
    expect(templates(person).filter(template => template === 'price-change').length).toBe(1)
    const { text } = cloud.mails.find(
      ({ to, template }) => to === person.email && template === 'price-change',
    )!
    expect(text).toContain('costs €11.00 instead of €9.00')
    await cloud.advance(29 * dayMs)
    await cloud.cron('reminders')
    expect(price()).toBe('price_plus_month')
    await cloud.advance(2 * dayMs)
    await cloud.cron('reminders')
    await cloud.stripe.webhooks.settled()
    expect(price()).toBe(dearer.id)
    expect((await account(person)).plan.id).toBe('plus')
    await cloud.advance(32 * dayMs)
    // Bought at 9, renewed once at 9 while the notice ran, then at 11.
    expect(paid()).toEqual([900, 900, 1100])
  })
})
