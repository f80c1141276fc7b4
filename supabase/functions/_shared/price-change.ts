// A plan's price has changed: who pays the old one is told 30 days before, then moved. The next
// renewal bills the new price; nothing is charged in between.
import { type Cloud, nameOf } from './cloud.ts'
import { unlessMissing } from './stripe.ts'

const noticeMs = 30 * 86_400_000
const atOnce = 200

interface AtOldPrice {
  id: string
  user_id: string
  plan_id: string
  old_cents: number
  new_cents: number
  currency: string
  new_price: string
  told_at: Date | null
}

const keyOf = (subscription: string, price: string) => `price-change:${subscription}:${price}`

export async function changePrices(cloud: Cloud): Promise<{ told: number; moved: number }> {
  const rows = await cloud.sql<AtOldPrice[]>`
    select s.id, s.user_id, s.plan_id, s.amount_cents as old_cents, p.price_cents as new_cents,
      p.currency, p.stripe_price_id as new_price, m.sent_at as told_at
    from public.subscriptions s
    join public.plans p on p.id = s.plan_id and p.stripe_price_id is not null
    left join app.mail_log m
      on m.idempotency_key = app.keyed_hash('price-change:' || s.id || ':' || p.stripe_price_id)
    where s.status in ('active', 'trialing', 'past_due') and not s.cancel_at_period_end
      and s.price_id <> p.stripe_price_id and s.interval = p.interval and s.currency = p.currency
      and (m.sent_at is null or m.sent_at <= ${new Date(cloud.now() - noticeMs)})
    order by s.id limit ${atOnce}`
  const done = { told: 0, moved: 0 }
  for (const row of rows) {
    if (row.told_at) {
      if (await move(cloud, row)) done.moved += 1
      continue
    }
    const sent = await cloud.tell({
      template: 'price-change',
      userId: row.user_id,
      key: keyOf(row.id, row.new_price),
      planId: row.plan_id,
      amountCents: row.new_cents,
      oldAmountCents: row.old_cents,
      currency: row.currency,
      from: new Date(cloud.now() + noticeMs).toISOString(),
    })
    if (sent === 'sent') done.told += 1
  }
  return done
}

/** One plan's trouble is not the others'. @returns whether Stripe has it at the new price now */
async function move({ stripe, log }: Cloud, row: AtOldPrice): Promise<boolean> {
  try {
    const subscription = await unlessMissing(stripe.subscriptions.retrieve(row.id))
    const item = subscription?.items.data[0]
    if (!item || item.price.id === row.new_price) return false
    await stripe.subscriptions.update(
      row.id,
      { items: [{ id: item.id, price: row.new_price }], proration_behavior: 'none' },
      { idempotencyKey: keyOf(row.id, row.new_price) },
    )
    return true
  } catch (error) {
    log({ event: 'price_change_failed', error: nameOf(error) })
    return false
  }
}
