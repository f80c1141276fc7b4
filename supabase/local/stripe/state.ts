// What is in a Stripe account, and the time in it. Written to by account.ts and subscriptions.ts only.
import type Stripe from 'stripe'
import type { CheckoutSession, Metadata } from './objects.ts'

/** What a customer's card does when it is charged after the first time. */
export type Card = 'pays' | 'fails'

/** Writes an event with the object as it is at this moment. */
export type Emit = (type: string, object: object) => void

export interface OpenCheckout extends CheckoutSession {
  price: string
  trialDays: number
  subscriptionMetadata: Metadata
}

export type StripeState = ReturnType<typeof createState>

/** @param clock of the double, ms · @param emit writes an event · @param host where the pages are */
export function createState(clock: { now(): number }, emit: Emit, host: () => string) {
  let moment: number | null = null
  const customers = new Map<string, Stripe.Customer | Stripe.DeletedCustomer>()
  return {
    emit,
    host,
    customers,
    products: new Map<string, Stripe.Product>(),
    prices: new Map<string, Stripe.Price>(),
    subscriptions: new Map<string, Stripe.Subscription>(),
    invoices: new Map<string, Stripe.Invoice>(),
    invoicePayments: new Map<string, Stripe.InvoicePayment>(),
    charges: new Map<string, Stripe.Charge>(),
    refunds: new Map<string, Stripe.Refund>(),
    checkouts: new Map<string, OpenCheckout>(),
    portals: new Map<string, Stripe.BillingPortal.Session>(),
    /** By customer. */
    cards: new Map<string, Card>(),
    /** Unix s */
    now: (): number => moment ?? Math.floor(clock.now() / 1000),
    /** While time is caught up, what happens carries the moment that it was due at. */
    at(seconds: number, happen: () => void): void {
      moment = seconds
      try {
        happen()
      } finally {
        moment = null
      }
    },
    liveCustomer(id: string): Stripe.Customer | undefined {
      const customer = customers.get(id)
      return customer?.deleted ? undefined : (customer as Stripe.Customer | undefined)
    },
  }
}
