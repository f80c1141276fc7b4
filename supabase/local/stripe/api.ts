// The HTTP calls that our functions make of Stripe, and no others: an address that is not here is
// answered as Stripe answers one it does not know.
import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import { publicCheckout, type StripeAccount } from './account.ts'
import { type CheckoutSession, list, newId } from './objects.ts'
import { calls, check, parseForm, StripeFault } from './parameters.ts'

type Stored = { id: string; created?: number; customer?: unknown }
type Created = number | { gte?: number; gt?: number; lte?: number; lt?: number } | undefined

export interface Call {
  method: string
  path: string
  status: number
}

/** @param log every call that was made, for tests */
export function stripeApi(account: StripeAccount, apiKey: string, log: Call[]): Hono {
  const api = new Hono()
  const answers = new Map<string, { request: string; status: number; body: string }>()

  api.use(async (context, next) => {
    const authorization = context.req.header('authorization') ?? ''
    if (authorization !== `Bearer ${apiKey}`)
      throw new StripeFault(401, {
        type: 'invalid_request_error',
        message: 'Invalid API Key provided.',
      })
    account.catchUp()
    await next()
    context.header('request-id', newId('req'))
    log.push({
      method: context.req.method,
      path: new URL(context.req.url).pathname,
      status: context.res.status,
    })
  })

  /** The same key gives the same answer; with other parameters it is an error. */
  api.use(async (context, next) => {
    const key = context.req.method === 'POST' ? context.req.header('idempotency-key') : undefined
    if (!key) return next()
    const request = `${new URL(context.req.url).pathname}\n${await context.req.text()}`
    const earlier = answers.get(key)
    if (earlier && earlier.request !== request)
      throw new StripeFault(400, {
        type: 'idempotency_error',
        message:
          'Keys for idempotent requests can only be used with the same parameters they were first used with.',
      })
    if (earlier)
      return context.body(earlier.body, earlier.status as 200, {
        'content-type': 'application/json',
        'idempotent-replayed': 'true',
      })
    await next()
    answers.set(key, {
      request,
      status: context.res.status,
      body: await context.res.clone().text(),
    })
  })

  const query = (context: Context) => parseForm(new URL(context.req.url).search.slice(1))
  const take = async <T extends z.ZodType>(context: Context, schema: T) =>
    check(
      schema,
      context.req.method === 'POST' ? parseForm(await context.req.text()) : query(context),
    )

  const find = <T>(map: Map<string, T>, id: string, what: string): T => {
    const found = map.get(id)
    if (found) return found
    throw new StripeFault(404, {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: `No such ${what}: '${id}'`,
      param: 'id',
    })
  }

  const customerOf = (id: string) => {
    const customer = account.liveCustomer(id)
    if (customer) return customer
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: `No such customer: '${id}'`,
      param: 'customer',
    })
  }

  const priceOf = (id: string) => {
    const price = find(account.prices, id, 'price')
    if (price.active) return price
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      message: `The price specified is inactive.`,
      param: 'price',
    })
  }

  /** Writes out what `expand` asks for; only what our functions expand is known. */
  function expanded(object: Stored & { object?: string }, expand: string[] = []): object {
    const known: Record<string, Record<string, () => unknown>> = {
      subscription: {
        latest_invoice: () =>
          account.invoices.get(String((object as { latest_invoice?: unknown }).latest_invoice)) ??
          null,
      },
      invoice: { payments: () => (object as { payments?: unknown }).payments },
    }
    const mine = known[object.object ?? ''] ?? {}
    const copy: Record<string, unknown> = { ...object }
    if (object.object === 'invoice' && !expand.includes('payments')) delete copy.payments
    for (const name of expand) {
      if (!mine[name])
        throw new StripeFault(400, {
          type: 'invalid_request_error',
          message: `This property cannot be expanded (${name}).`,
          param: 'expand',
        })
      copy[name] = mine[name]()
    }
    return copy
  }

  const within = (seconds: number, range: Created): boolean =>
    range === undefined ||
    (typeof range === 'number'
      ? seconds === range
      : seconds >= (range.gte ?? -Infinity) &&
        seconds > (range.gt ?? -Infinity) &&
        seconds <= (range.lte ?? Infinity) &&
        seconds < (range.lt ?? Infinity))

  /** Newest first, a page at a time, as every list of Stripe. */
  function paged<T extends Stored>(
    path: string,
    all: T[],
    given: { limit: number; starting_after?: string; expand?: string[]; created?: Created },
  ) {
    const newest = all.filter(one => within(one.created ?? 0, given.created)).reverse()
    const from = given.starting_after
      ? newest.findIndex(one => one.id === given.starting_after) + 1
      : 0
    const inner = given.expand?.map(name => name.replace(/^data\./, ''))
    const data = newest.slice(from, from + given.limit)
    const shown = data.map(one => expanded(one, inner)) as T[]
    return list(path, shown, from + given.limit < newest.length)
  }

  api.post('/customers', async c =>
    c.json(account.createCustomer(await take(c, calls.customerCreate))),
  )
  api.get('/customers', async c => {
    const given = await take(c, calls.customerList)
    const all = [...account.customers.values()].filter(
      one => !one.deleted && (!given.email || one.email === given.email),
    )
    return c.json(paged('/v1/customers', all, given))
  })
  api.get('/customers/:id', async c => {
    await take(c, calls.none)
    return c.json(find(account.customers, c.req.param('id'), 'customer'))
  })
  api.post('/customers/:id', async c => {
    const customer = customerOf(c.req.param('id'))
    const given = await take(c, calls.customerUpdate)
    const { expand: _, metadata, ...fields } = given
    Object.assign(customer, fields, { metadata: merged(customer.metadata, metadata) })
    account.emitCustomerUpdated(customer)
    return c.json(customer)
  })
  api.delete('/customers/:id', c =>
    c.json(account.deleteCustomer(customerOf(c.req.param('id')).id)),
  )

  api.get('/products/:id', c => c.json(find(account.products, c.req.param('id'), 'product')))
  api.post('/prices', async c => {
    const given = await take(c, calls.priceCreate)
    return c.json(account.createPrice({ ...given, interval: given.recurring.interval }))
  })
  api.get('/prices', async c => {
    const given = await take(c, calls.priceList)
    const all = [...account.prices.values()].filter(
      price =>
        (given.active ?? price.active) === price.active &&
        (!given.product || price.product === given.product),
    )
    return c.json(paged('/v1/prices', all, given))
  })
  api.get('/prices/:id', c => c.json(find(account.prices, c.req.param('id'), 'price')))
  api.post('/prices/:id', async c => {
    const price = find(account.prices, c.req.param('id'), 'price')
    const { active, metadata, nickname } = await take(c, calls.priceUpdate)
    account.updatePrice(price, { active, nickname, metadata: merged(price.metadata, metadata) })
    return c.json(price)
  })

  api.post('/checkout/sessions', async c => {
    const given = await take(c, calls.checkoutCreate)
    const session = account.openCheckout({
      customer: customerOf(given.customer).id,
      price: priceOf(given.line_items[0]!.price),
      clientReference: given.client_reference_id ?? null,
      successUrl: given.success_url,
      cancelUrl: given.cancel_url ?? null,
      metadata: given.metadata ?? {},
      trialDays: given.subscription_data?.trial_period_days ?? 0,
      subscriptionMetadata: given.subscription_data?.metadata ?? {},
    })
    return c.json(publicCheckout({ ...session }))
  })
  api.get('/checkout/sessions', async c => {
    const given = await take(c, calls.checkoutList)
    const all: CheckoutSession[] = [...account.checkouts.values()].filter(
      one =>
        (!given.customer || one.customer === given.customer) &&
        (!given.status || one.status === given.status) &&
        (!given.subscription || one.subscription === given.subscription),
    )
    return c.json(
      paged(
        '/v1/checkout/sessions',
        all.map(one => publicCheckout({ ...one })),
        given,
      ),
    )
  })
  api.get('/checkout/sessions/:id', async c => {
    await take(c, calls.none)
    return c.json(
      publicCheckout({ ...find(account.checkouts, c.req.param('id'), 'checkout.session') }),
    )
  })
  api.post('/checkout/sessions/:id/expire', async c => {
    const session = find(account.checkouts, c.req.param('id'), 'checkout.session')
    if (session.status !== 'open')
      throw new StripeFault(400, {
        type: 'invalid_request_error',
        message: `Only Checkout Sessions with a status in ["open"] can be expired.`,
      })
    return c.json(publicCheckout({ ...account.expireCheckout(session.id) }))
  })

  api.post('/billing_portal/sessions', async c => {
    const given = await take(c, calls.portalCreate)
    const customer = customerOf(given.customer).id
    const flow = given.flow_data
    const about = flow?.subscription_cancel?.subscription ?? flow?.subscription_update?.subscription
    if (flow && flow.type !== 'payment_method_update') {
      const subscription = find(account.subscriptions, about ?? '', 'subscription')
      if (
        subscription.customer !== customer ||
        subscription.status === 'canceled' ||
        (flow.type === 'subscription_cancel' && subscription.cancel_at_period_end)
      )
        throw new StripeFault(400, {
          type: 'invalid_request_error',
          message: `This subscription cannot be changed in the portal because of its state.`,
          param: 'flow_data',
        })
    }
    const session = account.openPortal(
      customer,
      given.return_url ?? null,
      flow
        ? {
            type: flow.type,
            after_completion: {
              hosted_confirmation: null,
              redirect: flow.after_completion?.redirect ?? null,
              type: flow.after_completion ? 'redirect' : 'portal_homepage',
            },
            customer_update: null,
            subscription_cancel:
              about && flow.type === 'subscription_cancel'
                ? { retention: null, subscription: about }
                : null,
            subscription_pause: null,
            subscription_update:
              about && flow.type === 'subscription_update' ? { subscription: about } : null,
            subscription_update_confirm: null,
          }
        : null,
    )
    return c.json(session)
  })

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

  // A route, since a nested app's notFound is never asked.
  api.all('*', context => {
    const path = new URL(context.req.url).pathname
    return context.json(
      {
        error: {
          type: 'invalid_request_error',
          message: `Unrecognized request URL (${context.req.method}: ${path}).`,
        },
      },
      404,
    )
  })
  api.onError((error, context) => {
    if (!(error instanceof StripeFault)) throw error
    return context.json({ error: error.body }, error.status as 400, { 'request-id': newId('req') })
  })
  return api
}

/** An empty value takes a key away. */
function merged(
  before: Record<string, string>,
  given: Record<string, string> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...before, ...given }).filter(([, value]) => value !== ''),
  )
}
