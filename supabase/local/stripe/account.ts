// What happens in a Stripe account: customers subscribe, pay, fail to pay, change their mind. Knows
// neither HTTP nor pages. Every change emits the events that Stripe would, in its order.
import type Stripe from 'stripe'
import {
  type CheckoutSession,
  chargeObject,
  customerObject,
  invoiceObject,
  invoicePaymentObject,
  list,
  type Metadata,
  newId,
  portalSessionObject,
  priceObject,
  productObject,
  refundObject,
  repriced,
  subscriptionObject,
} from './objects.ts'
import { nextPeriodEnd } from './period.ts'

/** What a customer's card does when it is charged. */
export type Card = 'pays' | 'fails'

export const CARDS: Record<string, { first: boolean; later: Card }> = {
  '4242424242424242': { first: true, later: 'pays' },
  '4000000000000341': { first: true, later: 'fails' },
  '4000000000000002': { first: false, later: 'fails' },
}

const DAY_S = 86_400
/** Days after the first failure at which Stripe tries again; then the subscription is canceled. */
const RETRY_DAYS = [3, 8, 15]
const CHECKOUT_LIFE_S = DAY_S
const TRIAL_NOTICE_S = 3 * DAY_S

export type Emit = (type: string, object: object) => void

export type StripeAccount = ReturnType<typeof createAccount>

/** @param clock of the double, ms · @param emit writes an event · @param host where the pages are */
export function createAccount(clock: { now(): number }, emit: Emit, host: () => string) {
  const customers = new Map<string, Stripe.Customer | Stripe.DeletedCustomer>()
  const products = new Map<string, Stripe.Product>()
  const prices = new Map<string, Stripe.Price>()
  const subscriptions = new Map<string, Stripe.Subscription>()
  const invoices = new Map<string, Stripe.Invoice>()
  const invoicePayments = new Map<string, Stripe.InvoicePayment>()
  const charges = new Map<string, Stripe.Charge>()
  const refunds = new Map<string, Stripe.Refund>()
  const checkouts = new Map<
    string,
    CheckoutSession & { price: string; trialDays: number; subscriptionMetadata: Metadata }
  >()
  const portals = new Map<string, Stripe.BillingPortal.Session>()
  const cards = new Map<string, Card>()
  const trialNoticed = new Set<string>()

  /** While time is caught up, events carry the moment they were due at. */
  let moment: number | null = null
  let caughtUpTo = 0
  const now = (): number => moment ?? Math.floor(clock.now() / 1000)

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

  function liveCustomer(id: string): Stripe.Customer | undefined {
    const customer = customers.get(id)
    return customer?.deleted ? undefined : (customer as Stripe.Customer | undefined)
  }

  function deleteCustomer(id: string): Stripe.DeletedCustomer {
    for (const subscription of subscriptionsOf(id))
      if (subscription.status !== 'canceled') cancel(subscription)
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

  const subscriptionsOf = (customer: string): Stripe.Subscription[] =>
    [...subscriptions.values()].filter(subscription => subscription.customer === customer).reverse()

  const itemOf = (subscription: Stripe.Subscription): Stripe.SubscriptionItem =>
    subscription.items.data[0]!

  /** A bill for a subscription, charged at once. A credit balance is used up first. */
  function bill(
    subscription: Stripe.Subscription,
    reason: Stripe.Invoice.BillingReason,
    amount: number,
    card: Card = cards.get(String(subscription.customer)) ?? 'pays',
  ): Stripe.Invoice {
    const customer = liveCustomer(String(subscription.customer))!
    const item = itemOf(subscription)
    const credit = Math.min(Math.max(0, -customer.balance), Math.max(0, amount))
    const invoice = invoiceObject(now(), {
      customer,
      subscription,
      number: `LOCAL-${String(invoices.size + 1).padStart(4, '0')}`,
      reason,
      total: amount,
      period: { start: item.current_period_start, end: item.current_period_end },
      host: host(),
    })
    invoice.starting_balance = customer.balance
    invoice.amount_due = invoice.amount_remaining = Math.max(0, amount - credit)
    // What is left over when a cheaper plan is taken stays with the customer as credit.
    customer.balance += amount < 0 ? amount : credit
    invoice.ending_balance = customer.balance
    invoices.set(invoice.id, invoice)
    subscription.latest_invoice = invoice.id
    emit('invoice.created', invoice)
    emit('invoice.finalized', invoice)
    charge(invoice, card)
    return invoice
  }

  /** One attempt to collect an open invoice. */
  function charge(invoice: Stripe.Invoice, card: Card): boolean {
    invoice.attempted = true
    if (invoice.amount_due > 0) invoice.attempt_count += 1
    if (card === 'fails' && invoice.amount_due > 0) {
      const retryIn = RETRY_DAYS[invoice.attempt_count - 1]
      invoice.next_payment_attempt = retryIn ? invoice.created + retryIn * DAY_S : null
      emit('invoice.payment_failed', invoice)
      return false
    }
    if (invoice.amount_due > 0) {
      const paymentIntent = newId('pi')
      const paid = chargeObject(now(), {
        amount: invoice.amount_due,
        currency: invoice.currency,
        customer: String(invoice.customer),
        paymentIntent,
      })
      charges.set(paid.id, paid)
      const payment = invoicePaymentObject(now(), invoice, paymentIntent)
      invoicePayments.set(payment.id, payment)
      invoice.payments = list(`/v1/invoice_payments?invoice=${invoice.id}`, [payment])
      emit('charge.succeeded', paid)
    }
    Object.assign(invoice, {
      status: 'paid',
      amount_paid: invoice.amount_due,
      amount_remaining: 0,
      next_payment_attempt: null,
    })
    invoice.status_transitions.paid_at = now()
    emit('invoice.paid', invoice)
    emit('invoice.payment_succeeded', invoice)
    return true
  }

  function changed(subscription: Stripe.Subscription): void {
    emit('customer.subscription.updated', subscription)
  }

  function subscribe(
    customer: string,
    price: Stripe.Price,
    options: { trialDays?: number; metadata?: Metadata; later?: Card } = {},
  ): Stripe.Subscription {
    const start = now()
    const trialEnd = options.trialDays ? start + options.trialDays * DAY_S : null
    const end = trialEnd ?? nextPeriodEnd(start, price.recurring!.interval, start)
    const subscription = subscriptionObject(start, {
      customer,
      price,
      period: { start, end },
      trialEnd,
      metadata: options.metadata ?? {},
    })
    subscriptions.set(subscription.id, subscription)
    cards.set(customer, options.later ?? 'pays')
    emit('customer.subscription.created', subscription)
    bill(subscription, 'subscription_create', trialEnd ? 0 : price.unit_amount!, 'pays')
    return subscription
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
  }): CheckoutSession {
    const id = newId('cs_test')
    const session = {
      id,
      object: 'checkout.session' as const,
      amount_subtotal: given.price.unit_amount,
      amount_total: given.price.unit_amount,
      cancel_url: given.cancelUrl,
      client_reference_id: given.clientReference,
      created: now(),
      currency: given.price.currency,
      customer: given.customer,
      customer_email: null,
      expires_at: now() + CHECKOUT_LIFE_S,
      invoice: null,
      livemode: false,
      metadata: given.metadata,
      mode: 'subscription' as const,
      payment_status: 'unpaid' as const,
      status: 'open' as const,
      subscription: null,
      success_url: given.successUrl,
      ui_mode: 'hosted_page' as const,
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
    const card = CARDS[cardNumber.replaceAll(' ', '')]
    if (!card?.first) return null
    const subscription = subscribe(String(session.customer), prices.get(session.price)!, {
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

  function expireCheckout(id: string): CheckoutSession {
    const session = checkouts.get(id)!
    Object.assign(session, { status: 'expired', url: null })
    emit('checkout.session.expired', publicCheckout(session))
    return session
  }

  function changePlan(
    subscription: Stripe.Subscription,
    price: Stripe.Price,
    proration: 'none' | 'create_prorations' | 'always_invoice',
  ): void {
    const item = itemOf(subscription)
    const { current_period_start: start, current_period_end: end } = item
    const left = subscription.status === 'trialing' ? 0 : (end - now()) / (end - start)
    const amount = Math.round((price.unit_amount! - item.price.unit_amount!) * left)
    subscription.items.data[0] = repriced(item, price)
    changed(subscription)
    if (proration === 'always_invoice') {
      const invoice = bill(subscription, 'subscription_update', amount)
      if (invoice.status === 'paid') return
      subscription.status = 'past_due'
      changed(subscription)
    } else if (proration === 'create_prorations')
      liveCustomer(String(subscription.customer))!.balance += amount
  }

  function cancelAtPeriodEnd(subscription: Stripe.Subscription, yes: boolean): void {
    if (subscription.cancel_at_period_end === yes) return
    subscription.cancel_at_period_end = yes
    subscription.cancel_at = yes ? itemOf(subscription).current_period_end : null
    subscription.canceled_at = yes ? now() : null
    changed(subscription)
  }

  function cancel(subscription: Stripe.Subscription): void {
    Object.assign(subscription, {
      status: 'canceled',
      ended_at: now(),
      canceled_at: subscription.canceled_at ?? now(),
    })
    emit('customer.subscription.deleted', subscription)
  }

  /** A new card in the portal: later charges succeed, and what is open is paid at once. */
  function payOpen(customer: string): void {
    cards.set(customer, 'pays')
    for (const invoice of invoices.values()) {
      if (invoice.customer !== customer || invoice.status !== 'open') continue
      charge(invoice, 'pays')
      const subscription = subscriptions.get(
        String(invoice.parent?.subscription_details?.subscription),
      )
      if (subscription?.status === 'past_due') {
        subscription.status = 'active'
        changed(subscription)
      }
    }
  }

  function refund(charged: Stripe.Charge, amount: number): Stripe.Refund {
    const made = refundObject(now(), charged, amount)
    refunds.set(made.id, made)
    charged.amount_refunded += amount
    charged.refunded = charged.amount_refunded === charged.amount
    emit('refund.created', made)
    emit('charge.refunded', charged)
    return made
  }

  function renew(subscription: Stripe.Subscription): void {
    const item = itemOf(subscription)
    if (subscription.cancel_at_period_end) {
      cancel(subscription)
      return
    }
    item.current_period_start = item.current_period_end
    item.current_period_end = nextPeriodEnd(
      item.current_period_start,
      item.price.recurring!.interval,
      subscription.billing_cycle_anchor,
    )
    subscription.status = 'active'
    const invoice = bill(subscription, 'subscription_cycle', item.price.unit_amount!)
    if (invoice.status !== 'paid') subscription.status = 'past_due'
    changed(subscription)
  }

  function retry(subscription: Stripe.Subscription, invoice: Stripe.Invoice): void {
    if (charge(invoice, cards.get(String(subscription.customer)) ?? 'pays')) {
      subscription.status = 'active'
      changed(subscription)
    } else if (invoice.next_payment_attempt === null) cancel(subscription)
  }

  /** The next thing that time alone brings about for a subscription, if it has one. */
  function nextDue(subscription: Stripe.Subscription): { at: number; happen: () => void } | null {
    if (subscription.status === 'canceled') return null
    const invoice = invoices.get(String(subscription.latest_invoice))
    if (subscription.status === 'past_due' && invoice?.next_payment_attempt)
      return { at: invoice.next_payment_attempt, happen: () => retry(subscription, invoice) }
    const end = itemOf(subscription).current_period_end
    if (subscription.status === 'trialing' && !trialNoticed.has(subscription.id))
      return {
        at: end - TRIAL_NOTICE_S,
        happen: () => {
          trialNoticed.add(subscription.id)
          emit('customer.subscription.trial_will_end', subscription)
        },
      }
    return { at: end, happen: () => renew(subscription) }
  }

  /** Lets everything happen that was due until now, oldest first. */
  function catchUp(): void {
    const until = now()
    if (until === caughtUpTo) return
    caughtUpTo = until
    for (;;) {
      const due = [...subscriptions.values()]
        .map(nextDue)
        .filter(next => next !== null && next.at <= until)
        .sort((a, b) => a!.at - b!.at)[0]
      if (!due) break
      moment = due.at
      try {
        due.happen()
      } finally {
        moment = null
      }
    }
    for (const session of checkouts.values())
      if (session.status === 'open' && session.expires_at <= until) expireCheckout(session.id)
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

  return {
    now,
    customers,
    products,
    prices,
    subscriptions,
    invoices,
    invoicePayments,
    charges,
    refunds,
    checkouts,
    portals,
    cards,
    createCustomer,
    liveCustomer,
    deleteCustomer,
    createPrice,
    subscriptionsOf,
    subscribe,
    openCheckout,
    payCheckout,
    expireCheckout,
    changePlan,
    cancelAtPeriodEnd,
    cancel,
    payOpen,
    refund,
    openPortal,
    catchUp,
    changed,
    updatePrice,
    emitCustomerUpdated: (customer: Stripe.Customer) => emit('customer.updated', customer),
  }
}

/** A Checkout session as the API answers it: without what only the double remembers. */
export function publicCheckout(
  session: CheckoutSession & Record<string, unknown>,
): CheckoutSession {
  const { price, trialDays, subscriptionMetadata, ...seen } = session
  return seen as CheckoutSession
}
