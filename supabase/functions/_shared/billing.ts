// Keeps our rows as Stripe has them. An event only says which object changed: the object is fetched
// again, and its copy carries the moment before the request. The database keeps the newest copy, so
// events may come twice, late and in any order; no connection waits while Stripe answers.
import type Stripe from 'stripe'
import {
  type Applied,
  invoiceMails,
  isNews,
  type Refunded,
  subscriptionMails,
} from './billing-mails.ts'
import type { Sql, Transaction } from './database.ts'
import type { Mail } from './mail.ts'
import { idOf, paymentIntentsOf, unlessMissing } from './stripe.ts'

export interface Billing {
  stripe: Stripe
  sql: Sql
}

/** A copy of one of Stripe's objects, for our rows. */
export type Copy =
  | { kind: 'subscription'; object: Stripe.Subscription; at: Date; trialEnding?: boolean }
  | { kind: 'invoice'; object: Stripe.Invoice; at: Date; refunded?: Refunded }

/** The present moment by the database's clock, which orders copies of one object. */
export async function databaseTime(sql: Sql | Transaction): Promise<Date> {
  const [row] = await sql<{ at: Date }[]>`select clock_timestamp() + (app.now() - now()) as at`
  return row!.at
}

export async function copySubscription(
  { stripe, sql }: Billing,
  id: string,
  more: { trialEnding?: boolean } = {},
): Promise<Copy[]> {
  const at = await databaseTime(sql)
  // The open invoice's date says since when a payment is due.
  const object = await unlessMissing(
    stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] }),
  )
  return object ? [{ kind: 'subscription', object, at, ...more }] : []
}

/** A receipt, and what of it was given back. Drafts are not receipts yet. */
export async function copyInvoice({ stripe, sql }: Billing, id: string): Promise<Copy[]> {
  const at = await databaseTime(sql)
  const object = await unlessMissing(stripe.invoices.retrieve(id, { expand: ['payments'] }))
  if (!object || object.status === 'draft') return []
  return [{ kind: 'invoice', object, at, refunded: await refundsOf(stripe, object) }]
}

async function refundsOf(stripe: Stripe, invoice: Stripe.Invoice): Promise<Refunded> {
  const sum = { cents: 0, last: 0 }
  for (const payment_intent of paymentIntentsOf(invoice))
    for await (const refund of stripe.refunds.list({ payment_intent, limit: 100 }))
      if (refund.status === 'succeeded' || refund.status === 'pending') {
        sum.cents += refund.amount
        sum.last = Math.max(sum.last, refund.created)
      }
  return sum
}

/** Refunds and charges know a payment; the payment knows its invoice. */
export async function copyPayment(billing: Billing, paymentIntent: string | null): Promise<Copy[]> {
  if (!paymentIntent) return []
  const { data } = await billing.stripe.invoicePayments.list({
    payment: { type: 'payment_intent', payment_intent: paymentIntent },
  })
  const copies: Copy[] = []
  for (const payment of data) {
    const invoice = idOf(payment.invoice)
    if (invoice) copies.push(...(await copyInvoice(billing, invoice)))
  }
  return copies
}

/** Deleting a customer at Stripe ends what they had. The next checkout makes a new customer. */
async function copyCustomer(billing: Billing, id: string): Promise<Copy[]> {
  const rows = await billing.sql<{ id: string }[]>`
    select s.id from public.subscriptions s join app.billing_customers b using (user_id)
    where b.stripe_customer_id = ${id} and s.ended_at is null order by s.id`
  const copies: Copy[] = []
  for (const row of rows) copies.push(...(await copySubscription(billing, row.id)))
  return copies
}

type Payload = {
  id?: string
  payment_intent?: string | { id: string } | null
  subscription?: string | { id: string } | null
}

/** What an event is about, as Stripe has it now. Types we have no use for are about nothing. */
export async function copiesFor(billing: Billing, event: Stripe.Event): Promise<Copy[]> {
  const object = event.data.object as Payload
  const id = object.id ?? ''
  const [area] = event.type.split('.')
  if (event.type.startsWith('customer.subscription.'))
    return copySubscription(billing, id, {
      trialEnding: event.type === 'customer.subscription.trial_will_end',
    })
  if (event.type === 'checkout.session.completed') {
    const subscription = idOf(object.subscription)
    return subscription ? copySubscription(billing, subscription) : []
  }
  if (area === 'invoice' && event.type !== 'invoice.upcoming') return copyInvoice(billing, id)
  if (area === 'refund' || event.type === 'charge.refunded')
    return copyPayment(billing, idOf(object.payment_intent))
  if (event.type === 'customer.deleted') return copyCustomer(billing, id)
  if (event.type === 'price.created' || event.type === 'price.updated')
    await syncPlanPrice(billing, id)
  return []
}

export interface EventClaim {
  id: string
  type: string
  objectId: string | null
  created: Date
}

/**
 * Writes copies, and with them that the event was seen, in one transaction.
 * @returns the mails that the new state calls for, and whether the event is finished already; null
 *   when it was processed before
 */
export async function store(
  sql: Sql,
  copies: Copy[],
  event?: EventClaim,
): Promise<{ mails: Mail[]; finished: boolean } | null> {
  const refunds = copies.filter(copy => copy.kind === 'invoice' && copy.refunded?.cents)
  // Events with a mail are finished when it is out, the others with their effects.
  const quiet = !refunds.length && copies.every(isOldNews)
  const write = async (tx: Sql | Transaction) => {
    const [row] = await tx<{ ok: boolean | null; done: Applied[] | null; finished: boolean }[]>`
      with claimed as materialized (
        select ${claim(tx, event)} as ok
      ), stored as materialized (
        select ok, case when ok then (
          select coalesce(jsonb_agg(case copy ->> 'kind'
            when 'subscription' then
              app.apply_subscription(copy -> 'object', (copy ->> 'at')::timestamptz)
            when 'invoice' then app.apply_invoice(copy -> 'object', (copy ->> 'at')::timestamptz)
          end order by n), '[]')
          from jsonb_array_elements(${tx.json(copies as never)}) with ordinality as c(copy, n)
        ) end as done from claimed
      )
      select ok, done, case when ok and ${quiet} and not exists (
          select from jsonb_array_elements(done) d
          where d #> '{before,planId}' <> d #> '{after,planId}')
        then app.finish_stripe_event(${event?.id ?? null})::text = '' else false end as finished
      from stored`
    if (!row!.ok) return null
    for (const copy of refunds) await storeRefund(tx, copy)
    return {
      mails: copies.flatMap((copy, index) => mailsOf(copy, row!.done![index]!)),
      finished: row!.finished,
    }
  }
  return refunds.length ? (sql.begin(write) as ReturnType<typeof store>) : write(sql)
}

const claim = (sql: Sql | Transaction, event: EventClaim | undefined) =>
  event
    ? sql`app.claim_stripe_event(${event.id}, ${event.type}, ${event.objectId}, ${event.created})`
    : sql`true`

/** Whether no mail can follow, unless the plan has changed. */
const isOldNews = (copy: Copy): boolean =>
  copy.kind === 'subscription'
    ? !copy.trialEnding && !isNews(copy.object.ended_at ?? copy.object.created, copy.at)
    : invoiceMails('', copy.object, copy.refunded, copy.at).length === 0

/** Only what is new: each call is a row in the person's audit log. */
async function storeRefund(tx: Sql | Transaction, copy: Copy): Promise<void> {
  const cents = (copy.kind === 'invoice' && copy.refunded?.cents) || 0
  await tx`select app.apply_refund(id, ${cents}) from public.invoices
    where id = ${copy.object.id} and amount_refunded_cents < ${cents}`
}

const mailsOf = (copy: Copy, done: Applied): Mail[] => {
  if (!done.applied) return []
  return copy.kind === 'subscription'
    ? subscriptionMails(done, copy.object, copy.at, copy.trialEnding)
    : invoiceMails(done.userId, copy.object, copy.refunded, copy.at)
}

/**
 * What Checkout sells a plan for: the newest active price whose metadata names it. Who pays an older
 * price keeps it until told of the new one (price-change.ts).
 */
export async function syncPlanPrice({ stripe, sql }: Billing, priceId: string): Promise<void> {
  const changed = await unlessMissing(stripe.prices.retrieve(priceId))
  const [sold] = await sql<{ id: string }[]>`
    select id from public.plans where stripe_price_id = ${priceId}`
  for (const planId of new Set([changed?.metadata.plan_id, sold?.id]))
    if (planId) await sellAtNewest({ stripe, sql }, planId)
}

async function sellAtNewest({ stripe, sql }: Billing, planId: string): Promise<void> {
  let newest: Stripe.Price | null = null
  for await (const price of stripe.prices.list({ active: true, type: 'recurring', limit: 100 }))
    if (price.metadata.plan_id === planId && (!newest || price.created > newest.created))
      newest = price
  if (!newest?.recurring || newest.unit_amount === null)
    // Nothing is for sale: Checkout says so, instead of failing at Stripe.
    await sql`update public.plans set stripe_price_id = null where id = ${planId}`
  else
    await sql`
      update public.plans set stripe_price_id = ${newest.id}, price_cents = ${newest.unit_amount},
        currency = ${newest.currency}, interval = ${newest.recurring.interval}
      where id = ${planId} and stripe_price_id is distinct from ${newest.id}`
}
