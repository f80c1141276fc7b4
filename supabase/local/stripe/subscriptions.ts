// Subscriptions, and the money and time in them: bills, charges, retries, renewals, prorations, ends.
import type Stripe from 'stripe'
import {
  chargeObject,
  invoiceObject,
  invoicePaymentObject,
  refundObject,
} from './invoice-objects.ts'
import { list, type Metadata, newId, repriced, subscriptionObject } from './objects.ts'
import { nextPeriodEnd } from './period.ts'
import type { Card, StripeState } from './state.ts'

const daySeconds = 86_400
/** Days after the first failure at which Stripe tries again; then the subscription is canceled. */
const retryDays = [3, 8, 15]
const trialNoticeSeconds = 3 * daySeconds

export function createSubscriptions(state: StripeState) {
  const { emit, now, subscriptions, invoices, cards } = state
  const trialNoticed = new Set<string>()

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
    const customer = state.liveCustomer(String(subscription.customer))!
    const item = itemOf(subscription)
    const credit = Math.min(Math.max(0, -customer.balance), Math.max(0, amount))
    const invoice = invoiceObject(now(), {
      customer,
      subscription,
      number: `LOCAL-${String(invoices.size + 1).padStart(4, '0')}`,
      reason,
      total: amount,
      period: { start: item.current_period_start, end: item.current_period_end },
      host: state.host(),
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
      const retryIn = retryDays[invoice.attempt_count - 1]
      invoice.next_payment_attempt = retryIn ? invoice.created + retryIn * daySeconds : null
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
      state.charges.set(paid.id, paid)
      const payment = invoicePaymentObject(now(), invoice, paymentIntent)
      state.invoicePayments.set(payment.id, payment)
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
    const trialEnd = options.trialDays ? start + options.trialDays * daySeconds : null
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
      state.liveCustomer(String(subscription.customer))!.balance += amount
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
    state.refunds.set(made.id, made)
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
        at: end - trialNoticeSeconds,
        happen: () => {
          trialNoticed.add(subscription.id)
          emit('customer.subscription.trial_will_end', subscription)
        },
      }
    return { at: end, happen: () => renew(subscription) }
  }

  /** Lets everything happen that was due until a moment, oldest first. */
  function catchUp(until: number): void {
    for (;;) {
      const due = [...subscriptions.values()]
        .map(nextDue)
        .filter(next => next !== null && next.at <= until)
        .sort((a, b) => a!.at - b!.at)[0]
      if (!due) return
      state.at(due.at, due.happen)
    }
  }

  return {
    subscriptionsOf,
    subscribe,
    changed,
    changePlan,
    cancelAtPeriodEnd,
    cancel,
    payOpen,
    refund,
    catchUp,
  }
}
