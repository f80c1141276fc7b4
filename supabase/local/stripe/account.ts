// What can be done in a Stripe account: customers, prices, Checkout, the portal, subscriptions. Knows
// neither HTTP nor pages. Every change emits the events that Stripe would, in its order.
import type Stripe from 'stripe'
import {
  type CheckoutSession,
  customerObject,
  type Metadata,
  newId,
  portalSessionObject,
  priceObject,
  productObject,
} from './objects.ts'
import { type Card, createState, type Emit, type OpenCheckout } from './state.ts'
import { createSubscriptions } from './subscriptions.ts'

export const cards: Record<string, { first: boolean; later: Card }> = {
  '4242424242424242': { first: true, later: 'pays' },
  '4000000000000341': { first: true, later: 'fails' },
  '4000000000000002': { first: false, later: 'fails' },
}

const checkoutLifeSeconds = 86_400

export type StripeAccount = ReturnType<typeof createAccount>

/** @param clock of the double, ms · @param emit writes an event · @param host where the pages are */
export function createAccount(clock: { now(): number }, emit: Emit, host: () => string) {
  const state = createState(clock, emit, host)
  const { customers, products, prices, checkouts, portals, now } = state
  const billing = createSubscriptions(state)
  let caughtUpTo = 0

  function createCustomer(given: {
    email?: string
    name?: string
    metadata?: Metadata
  }): Stripe.Customer {
    const customer = customerObject(now(), given)
    customers.set(customer.id, customer)
    emit('customer.created', customer)
    return customer
  }

  function deleteCustomer(id: string): Stripe.DeletedCustomer {
    for (const subscription of billing.subscriptionsOf(id))
      if (subscription.status !== 'canceled') billing.cancel(subscription)
    const before = customers.get(id)!
    const deleted = { id, object: 'customer' as const, deleted: true as const }
    customers.set(id, deleted)
    emit('customer.deleted', before)
    return deleted
  }

  function createPrice(given: Parameters<typeof priceObject>[1]): Stripe.Price {
    if (!products.has(given.product))
      products.set(given.product, productObject(now(), given.product, given.product))
    const price = priceObject(now(), given)
    prices.set(price.id, price)
    emit('price.created', price)
    return price
  }

  function updatePrice(
    price: Stripe.Price,
    given: { active?: boolean; nickname?: string; metadata: Metadata },
  ): void {
    Object.assign(price, {
      active: given.active ?? price.active,
      nickname: given.nickname ?? price.nickname,
      metadata: given.metadata,
    })
    emit('price.updated', price)
  }

  function openCheckout(given: {
    customer: string
    price: Stripe.Price
    clientReference: string | null
    successUrl: string
    cancelUrl: string | null
    metadata: Metadata
    trialDays: number
    subscriptionMetadata: Metadata
  }): OpenCheckout {
    const id = newId('cs_test')
    const session: OpenCheckout = {
      id,
      object: 'checkout.session',
      amount_subtotal: given.price.unit_amount,
      amount_total: given.price.unit_amount,
      cancel_url: given.cancelUrl,
      client_reference_id: given.clientReference,
      created: now(),
      currency: given.price.currency,
      customer: given.customer,
      customer_email: null,
      expires_at: now() + checkoutLifeSeconds,
      invoice: null,
      livemode: false,
      metadata: given.metadata,
      mode: 'subscription',
      payment_status: 'unpaid',
      status: 'open',
      subscription: null,
      success_url: given.successUrl,
      ui_mode: 'hosted_page',
      url: `${host()}/c/pay/${id}`,
      price: given.price.id,
      trialDays: given.trialDays,
      subscriptionMetadata: given.subscriptionMetadata,
    }
    checkouts.set(id, session)
    return session
  }

  /** @returns the paid session, or null when the card was declined */
  function payCheckout(id: string, cardNumber = '4242424242424242'): CheckoutSession | null {
    const session = checkouts.get(id)
    if (session?.status !== 'open') throw new Error(`Checkout session ${id} is not open.`)
    const card = cards[cardNumber.replaceAll(' ', '')]
    if (!card?.first) return null
    const subscription = billing.subscribe(String(session.customer), prices.get(session.price)!, {
      trialDays: session.trialDays,
      metadata: session.subscriptionMetadata,
      later: card.later,
    })
    Object.assign(session, {
      status: 'complete',
      payment_status: session.trialDays ? 'no_payment_required' : 'paid',
      subscription: subscription.id,
      invoice: subscription.latest_invoice,
      url: null,
    })
    emit('checkout.session.completed', publicCheckout(session))
    return session
  }

  function expireCheckout(id: string): OpenCheckout {
    const session = checkouts.get(id)!
    Object.assign(session, { status: 'expired', url: null })
    emit('checkout.session.expired', publicCheckout(session))
    return session
  }

  function openPortal(
    customer: string,
    returnUrl: string | null,
    flow: Stripe.BillingPortal.Session['flow'],
  ) {
    const session = portalSessionObject(now(), host(), { customer, returnUrl, flow })
    portals.set(session.id, session)
    return session
  }

  /** Lets everything happen that was due until now. */
  function catchUp(): void {
    const until = now()
    if (until === caughtUpTo) return
    caughtUpTo = until
    billing.catchUp(until)
    for (const session of checkouts.values())
      if (session.status === 'open' && session.expires_at <= until) expireCheckout(session.id)
  }

  return {
    ...state,
    ...billing,
    createCustomer,
    deleteCustomer,
    createPrice,
    updatePrice,
    openCheckout,
    payCheckout,
    expireCheckout,
    openPortal,
    catchUp,
  }
}

/** A Checkout session as the API answers it: without what only the double remembers. */
export function publicCheckout(session: OpenCheckout): CheckoutSession {
  const { price, trialDays, subscriptionMetadata, ...seen } = session
  return seen
}
