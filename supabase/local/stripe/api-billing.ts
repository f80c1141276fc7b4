// Calls about what runs and was paid: subscriptions, invoices, charges, refunds.
import type { Hono } from 'hono'
import type { StripeAccount } from './account.ts'
import { type Answers, merged } from './answers.ts'
import { calls, StripeFault } from './parameters.ts'

export function billingCalls(api: Hono, account: StripeAccount, answers: Answers): void {
  const { take, find, priceOf, expanded, paged } = answers
  api.get('/subscriptions', async c => {
    const given = await take(c, calls.subscriptionList)
    const ended = (status: string) => status === 'canceled' || status === 'incomplete_expired'
    const all = [...account.subscriptions.values()].filter(
      one =>
        (!given.customer || one.customer === given.customer) &&
        (!given.price || one.items.data[0]!.price.id === given.price) &&
        (given.status === 'all' ||
          (given.status === undefined
            ? !ended(one.status)
            : given.status === 'ended'
              ? ended(one.status)
              : one.status === given.status)),
    )
    return c.json(paged('/v1/subscriptions', all, given))
  })
  api.get('/subscriptions/:id', async c => {
    const { expand } = await take(c, calls.none)
    return c.json(expanded(find(account.subscriptions, c.req.param('id'), 'subscription'), expand))
  })
  api.post('/subscriptions/:id', async c => {
    const subscription = find(account.subscriptions, c.req.param('id'), 'subscription')
    const given = await take(c, calls.subscriptionUpdate)
    if (subscription.status === 'canceled')
      throw new StripeFault(400, {
        type: 'invalid_request_error',
        message: 'A canceled subscription can only update its cancellation_details and metadata.',
      })
    if (given.metadata) subscription.metadata = merged(subscription.metadata, given.metadata)
    const price = given.items && priceOf(given.items[0]!.price)
    if (price && given.items![0]!.id !== subscription.items.data[0]!.id)
      throw new StripeFault(400, {
        type: 'invalid_request_error',
        code: 'resource_missing',
        message: `No such subscription_item: '${given.items![0]!.id}'`,
        param: 'items[0][id]',
      })
    if (price) account.changePlan(subscription, price, given.proration_behavior)
    if (given.cancel_at_period_end !== undefined)
      account.cancelAtPeriodEnd(subscription, given.cancel_at_period_end)
    else if (given.metadata && !price) account.changed(subscription)
    return c.json(expanded(subscription, given.expand))
  })
  api.delete('/subscriptions/:id', async c => {
    const subscription = find(account.subscriptions, c.req.param('id'), 'subscription')
    await take(c, calls.subscriptionCancel)
    if (subscription.status === 'canceled') find(new Map(), subscription.id, 'subscription')
    account.cancel(subscription)
    return c.json(expanded(subscription))
  })

  api.get('/invoices', async c => {
    const given = await take(c, calls.invoiceList)
    const all = [...account.invoices.values()].filter(
      one =>
        (!given.customer || one.customer === given.customer) &&
        (!given.status || one.status === given.status) &&
        (!given.subscription ||
          one.parent?.subscription_details?.subscription === given.subscription),
    )
    return c.json(paged('/v1/invoices', all, given))
  })
  api.get('/invoices/:id', async c => {
    const { expand } = await take(c, calls.none)
    return c.json(expanded(find(account.invoices, c.req.param('id'), 'invoice'), expand))
  })
  api.get('/invoice_payments', async c => {
    const given = await take(c, calls.invoicePaymentList)
    const all = [...account.invoicePayments.values()].filter(
      one =>
        (!given.invoice || one.invoice === given.invoice) &&
        (!given.payment || one.payment.payment_intent === given.payment.payment_intent),
    )
    return c.json(paged('/v1/invoice_payments', all, given))
  })

  api.get('/charges/:id', c => c.json(find(account.charges, c.req.param('id'), 'charge')))
  api.get('/refunds', async c => {
    const given = await take(c, calls.refundList)
    const all = [...account.refunds.values()].filter(
      one =>
        (!given.charge || one.charge === given.charge) &&
        (!given.payment_intent || one.payment_intent === given.payment_intent),
    )
    return c.json(paged('/v1/refunds', all, given))
  })
  api.get('/refunds/:id', c => c.json(find(account.refunds, c.req.param('id'), 'refund')))
  api.post('/refunds', async c => {
    const given = await take(c, calls.refundCreate)
    const charge = [...account.charges.values()].find(
      one =>
        one.id === given.charge ||
        (given.payment_intent && one.payment_intent === given.payment_intent),
    )
    if (!charge)
      return find(new Map<string, Response>(), given.charge ?? given.payment_intent ?? '', 'charge')
    const left = charge.amount - charge.amount_refunded
    if (left === 0)
      throw new StripeFault(400, {
        type: 'invalid_request_error',
        code: 'charge_already_refunded',
        message: `Charge ${charge.id} has already been refunded.`,
      })
    if ((given.amount ?? left) > left)
      throw new StripeFault(400, {
        type: 'invalid_request_error',
        message: `Refund amount is greater than unrefunded amount on charge.`,
        param: 'amount',
      })
    return c.json(account.refund(charge, given.amount ?? left))
  })
}
