// Calls about who buys what: customers, prices, Checkout, the portal.
import type { Hono } from 'hono'
import { publicCheckout, type StripeAccount } from './account.ts'
import { type Answers, merged } from './answers.ts'
import { calls, StripeFault } from './parameters.ts'

export function shopCalls(api: Hono, account: StripeAccount, answers: Answers): void {
  const { take, find, customerOf, priceOf, paged } = answers
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
    account.emit('customer.updated', customer)
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
        (!given.product || price.product === given.product) &&
        (!given.type || price.type === given.type),
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
    return c.json(publicCheckout(session))
  })
  api.get('/checkout/sessions', async c => {
    const given = await take(c, calls.checkoutList)
    const all = [...account.checkouts.values()].filter(
      one =>
        (!given.customer || one.customer === given.customer) &&
        (!given.status || one.status === given.status) &&
        (!given.subscription || one.subscription === given.subscription),
    )
    return c.json(
      paged(
        '/v1/checkout/sessions',
        all.map(one => publicCheckout(one)),
        given,
      ),
    )
  })
  api.get('/checkout/sessions/:id', async c => {
    await take(c, calls.none)
    return c.json(publicCheckout(find(account.checkouts, c.req.param('id'), 'checkout.session')))
  })
  api.post('/checkout/sessions/:id/expire', async c => {
    const session = find(account.checkouts, c.req.param('id'), 'checkout.session')
    if (session.status !== 'open')
      throw new StripeFault(400, {
        type: 'invalid_request_error',
        message: `Only Checkout Sessions with a status in ["open"] can be expired.`,
      })
    return c.json(publicCheckout(account.expireCheckout(session.id)))
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
}
