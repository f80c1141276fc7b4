// Stripe's word against our rows, object by object: what lost webhooks left behind is repaired.

import { type Copy, copyPayment, databaseTime, store, syncPlanPrice } from './billing.ts'
import { type Cloud, nameOf } from './cloud.ts'
import { endAtPeriodEnd, endedByLeaving, resume } from './customer.ts'
import { isConnectionLoss } from './database.ts'
import { idOf, isLive } from './stripe.ts'

/** Receipts and refunds are looked through this far back; Stripe itself retries for three days. */
const lookBackSeconds = 35 * 86_400
const stuckMs = 5 * 60_000

export interface Reconciled {
  subscriptions: number
  invoices: number
  refunds: number
  plans: number
  /** Events that had failed, and whose objects are right now. */
  events: number
  /** Objects that our rows could not take; the log says why. */
  failed: number
}

export async function reconcile(cloud: Cloud): Promise<Reconciled> {
  const { sql, stripe } = cloud
  const startedAt = new Date(cloud.now())
  const since = { gte: Math.floor(cloud.now() / 1000) - lookBackSeconds }
  const done: Reconciled = {
    subscriptions: 0,
    invoices: 0,
    refunds: 0,
    plans: 0,
    events: 0,
    failed: 0,
  }

  // One object's trouble is not the others'.
  const keep = async (copies: Copy[]) => {
    try {
      for (const mail of (await store(sql, copies))?.mails ?? []) await cloud.tell(mail)
    } catch (error) {
      if (isConnectionLoss(error)) throw error
      cloud.log({ event: 'reconcile_failed', error: nameOf(error) })
      done.failed += 1
    }
  }
  // Copies of a page are as old as its request; what a webhook wrote since stays (older_copy).
  let at = await databaseTime(sql)
  const expand = ['data.latest_invoice']
  for await (const object of stripe.subscriptions.list({ status: 'all', limit: 100, expand })) {
    await keep([{ kind: 'subscription', object, at }])
    if (isLive(object)) await keepPromise(cloud, object)
    done.subscriptions += 1
    if (done.subscriptions % 100 === 0) at = await databaseTime(sql)
  }
  at = await databaseTime(sql)
  for await (const object of stripe.invoices.list({ created: since, limit: 100 })) {
    if (object.status === 'draft') continue
    await keep([{ kind: 'invoice', object, at }])
    done.invoices += 1
    if (done.invoices % 100 === 0) at = await databaseTime(sql)
  }
  for await (const refund of stripe.refunds.list({ created: since, limit: 100 })) {
    await keep(await copyPayment(cloud, idOf(refund.payment_intent)))
    done.refunds += 1
  }
  const plans = await sql<{ price: string }[]>`
    select stripe_price_id as price from public.plans where stripe_price_id is not null`
  for (const { price } of plans) {
    await syncPlanPrice(cloud, price)
    done.plans += 1
  }
  const events = await sql`
    update app.stripe_events set processed_at = app.now()
    where processed_at is null and received_at < ${new Date(startedAt.getTime() - stuckMs)}
      and ${done.failed === 0}`
  done.events = events.count
  return done
}

/** A plan ends while its owner is leaving, and goes on when they stay. */
async function keepPromise(
  { sql, stripe }: Cloud,
  subscription: Parameters<typeof endedByLeaving>[0],
): Promise<void> {
  const ending = endedByLeaving(subscription)
  const customer = idOf(subscription.customer)
  const [row] = await sql<{ leaving: boolean }[]>`
    select exists (select from app.billing_customers b join public.deletion_requests d using (user_id)
      where b.stripe_customer_id = ${customer} and d.cancelled_at is null) as leaving`
  if (!customer || row!.leaving === ending) return
  if (row!.leaving) await endAtPeriodEnd(stripe, customer)
  else await resume(stripe, customer)
}
