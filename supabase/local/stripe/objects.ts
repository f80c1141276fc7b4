// Stripe's objects as stripe-node's types describe them, with every field that is always there.
// Only what our functions and pages look at varies; the rest is what Stripe answers by default.
import { randomBytes } from 'node:crypto'
import Stripe from 'stripe'

/** cus_9f… as Stripe makes them: a prefix that says what it is, and chance. */
export const newId = (prefix: string): string => `${prefix}_${randomBytes(10).toString('hex')}`

export type Metadata = Record<string, string>

export const customerObject = (
  created: number,
  given: { email?: string; name?: string; metadata?: Metadata },
): Stripe.Customer => ({
  id: newId('cus'),
  object: 'customer',
  balance: 0,
  created,
  currency: null,
  default_source: null,
  delinquent: false,
  description: null,
  email: given.email ?? null,
  invoice_settings: {
    custom_fields: null,
    default_payment_method: null,
    footer: null,
    rendering_options: null,
  },
  livemode: false,
  metadata: given.metadata ?? {},
  name: given.name ?? null,
  phone: null,
  shipping: null,
})

export const productObject = (created: number, id: string, name: string): Stripe.Product => ({
  id,
  object: 'product',
  active: true,
  created,
  description: null,
  images: [],
  livemode: false,
  marketing_features: [],
  metadata: {},
  name,
  package_dimensions: null,
  shippable: null,
  tax_details: null,
  type: 'service',
  updated: created,
  url: null,
})

export const priceObject = (
  created: number,
  given: {
    id?: string
    product: string
    unit_amount: number
    currency: string
    interval: 'month' | 'year'
    metadata?: Metadata
  },
): Stripe.Price => ({
  id: given.id ?? newId('price'),
  object: 'price',
  active: true,
  billing_scheme: 'per_unit',
  created,
  currency: given.currency,
  custom_unit_amount: null,
  livemode: false,
  lookup_key: null,
  metadata: given.metadata ?? {},
  nickname: null,
  product: given.product,
  recurring: {
    interval: given.interval,
    interval_count: 1,
    meter: null,
    trial_period_days: null,
    usage_type: 'licensed',
  },
  tax_behavior: 'unspecified',
  tiers_mode: null,
  transform_quantity: null,
  type: 'recurring',
  unit_amount: given.unit_amount,
  unit_amount_decimal: Stripe.Decimal.from(given.unit_amount),
})

/** Stripe still answers the older "plan" beside each price. */
const planOf = (price: Stripe.Price): Stripe.Plan => ({
  id: price.id,
  object: 'plan',
  active: price.active,
  amount: price.unit_amount,
  amount_decimal: price.unit_amount_decimal,
  billing_scheme: 'per_unit',
  created: price.created,
  currency: price.currency,
  interval: price.recurring?.interval ?? 'month',
  interval_count: 1,
  livemode: false,
  metadata: price.metadata,
  meter: null,
  nickname: null,
  product: price.product,
  tiers_mode: null,
  transform_usage: null,
  trial_period_days: null,
  usage_type: 'licensed',
})

export const list = <T extends { id: string }>(
  url: string,
  data: T[],
  hasMore = false,
): Stripe.ApiList<T> => ({
  object: 'list',
  data,
  has_more: hasMore,
  url,
})

export const itemObject = (
  created: number,
  subscription: string,
  price: Stripe.Price,
  period: { start: number; end: number },
): Stripe.SubscriptionItem => ({
  id: newId('si'),
  object: 'subscription_item',
  billing_thresholds: null,
  created,
  current_period_end: period.end,
  current_period_start: period.start,
  current_trial: null,
  discounts: [],
  metadata: {},
  plan: planOf(price),
  price,
  quantity: 1,
  subscription,
  tax_rates: [],
})

/** The same item at another price. */
export const repriced = (
  item: Stripe.SubscriptionItem,
  price: Stripe.Price,
): Stripe.SubscriptionItem => ({ ...item, price, plan: planOf(price) })

export const subscriptionObject = (
  created: number,
  given: {
    customer: string
    price: Stripe.Price
    period: { start: number; end: number }
    trialEnd: number | null
    metadata: Metadata
  },
): Stripe.Subscription => {
  const id = newId('sub')
  const item = itemObject(created, id, given.price, given.period)
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: given.trialEnd ?? given.period.start,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: 'classic' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created,
    currency: given.price.currency,
    customer: given.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: null,
    default_source: null,
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: list(`/v1/subscription_items?subscription=${id}`, [item]),
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: given.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: null,
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: created,
    status: given.trialEnd ? 'trialing' : 'active',
    test_clock: null,
    transfer_data: null,
    trial_end: given.trialEnd,
    trial_settings: null,
    trial_start: given.trialEnd ? created : null,
  }
}

export const portalSessionObject = (
  created: number,
  host: string,
  given: { customer: string; returnUrl: string | null; flow: Stripe.BillingPortal.Session['flow'] },
): Stripe.BillingPortal.Session => {
  const id = newId('bps')
  return {
    id,
    object: 'billing_portal.session',
    configuration: 'bpc_local',
    created,
    customer: given.customer,
    customer_account: null,
    flow: given.flow,
    livemode: false,
    locale: null,
    on_behalf_of: null,
    return_url: given.returnUrl,
    url: `${host}/p/session/${id}`,
  }
}

/** The part of a Checkout session that the functions read; the many display options are left out. */
export type CheckoutSession = Pick<
  Stripe.Checkout.Session,
  | 'id'
  | 'object'
  | 'amount_subtotal'
  | 'amount_total'
  | 'cancel_url'
  | 'client_reference_id'
  | 'created'
  | 'currency'
  | 'customer'
  | 'customer_email'
  | 'expires_at'
  | 'invoice'
  | 'livemode'
  | 'metadata'
  | 'mode'
  | 'payment_status'
  | 'status'
  | 'subscription'
  | 'success_url'
  | 'ui_mode'
  | 'url'
>
