// A person at Stripe: their customer, and the subscriptions that are not over.
import type Stripe from 'stripe'
import type { Cloud } from './cloud.ts'
import { isLive, unlessMissing } from './stripe.ts'

/** @returns Stripe's customer id, or null when the person never went to Checkout */
export async function customerOf({ sql }: Cloud, userId: string): Promise<string | null> {
  const [row] = await sql<{ id: string | null }[]>`select app.billing_customer(${userId}) as id`
  return row?.id ?? null
}

/** Makes the customer once; the address at Stripe follows the account's. */
export async function ensureCustomer(cloud: Cloud, userId: string, email: string): Promise<string> {
  const { stripe, sql } = cloud
  const known = await customerOf(cloud, userId)
  if (known) {
    const customer = await unlessMissing(stripe.customers.retrieve(known))
    if (customer && !customer.deleted) {
      if (customer.email !== email) await stripe.customers.update(known, { email })
      return known
    }
    await sql`delete from app.billing_customers where stripe_customer_id = ${known}`
  }
  const customer = await stripe.customers.create(
    { email, metadata: { user_id: userId } },
    { idempotencyKey: `customer:${userId}:${email}:${known ?? 'first'}` },
  )
  const [row] = await sql<
    { id: string }[]
  >`select app.link_billing_customer(${userId}, ${customer.id}) as id`
  return row!.id
}

/** Newest first. */
export async function liveSubscriptions(
  stripe: Stripe,
  customer: string,
): Promise<Stripe.Subscription[]> {
  const live: Stripe.Subscription[] = []
  for await (const subscription of stripe.subscriptions.list({
    customer,
    status: 'all',
    limit: 100,
  }))
    if (isLive(subscription)) live.push(subscription)
  return live
}

/** Written into a subscription that we let end because its owner is leaving. */
const leavingMark = 'deletion'

/** Somebody asked to be deleted: nothing renews any more. */
export async function endAtPeriodEnd(stripe: Stripe, customer: string): Promise<void> {
  for (const subscription of await liveSubscriptions(stripe, customer))
    if (!subscription.cancel_at_period_end)
      await stripe.subscriptions.update(subscription.id, {
        cancel_at_period_end: true,
        metadata: { cancelled_by: leavingMark },
      })
}

/** They stay: what we had ended goes on. What they had cancelled themselves stays cancelled. */
export async function resume(stripe: Stripe, customer: string): Promise<void> {
  for (const subscription of await liveSubscriptions(stripe, customer))
    if (subscription.cancel_at_period_end && endedByLeaving(subscription))
      await stripe.subscriptions.update(subscription.id, {
        cancel_at_period_end: false,
        metadata: { cancelled_by: '' },
      })
}

export const endedByLeaving = (subscription: Stripe.Subscription): boolean =>
  subscription.metadata.cancelled_by === leavingMark

/** For good: subscriptions end now, and Stripe forgets the customer. */
export async function endBilling(stripe: Stripe, customer: string): Promise<void> {
  const known = await unlessMissing(stripe.customers.retrieve(customer))
  if (!known || known.deleted) return
  for (const subscription of await liveSubscriptions(stripe, customer))
    await unlessMissing(
      stripe.subscriptions.cancel(subscription.id, { prorate: false, invoice_now: false }),
    )
  await unlessMissing(stripe.customers.del(customer))
}
