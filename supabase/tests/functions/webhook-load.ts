// 200 webhooks a second against the functions, and what became of them. Used by webhook-load.test.ts
// and, under plain Node, by bench/stripe-webhooks.ts.
import type { StripeEvent } from '../../local/stripe/double.ts'
import { dayMs, type Fixture } from './fixture.ts'

const peopleCount = 20

export interface LoadReport {
  events: StripeEvent[]
  /** HTTP statuses, in the order of the events. */
  statuses: number[]
  subscriptions: string[]
  /** "2000 webhooks in 10.0 s = 200/s; …" */
  figures: string
}

/** Makes `rate * seconds` changes at Stripe, then delivers their events, signed, `rate` a second. */
type Cloud = Pick<Fixture, 'stripe' | 'subscribe' | 'person' | 'advance' | 'call'> & {
  /** Awaited before the clock starts. */
  ready?(): Promise<void>
}

export async function webhookLoad(
  cloud: Cloud,
  { rate, seconds }: { rate: number; seconds: number },
): Promise<LoadReport> {
  const { stripe } = cloud
  const subscriptions: string[] = []
  for (let n = 0; n < peopleCount; n += 1)
    subscriptions.push(await cloud.subscribe(await cloud.person()))
  // Plans that began lately get a mail each; here they are some weeks old, as most are.
  await cloud.advance(8 * dayMs)

  stripe.webhooks.lose()
  const events = Array.from({ length: rate * seconds }, (_, n) => {
    const subscription = stripe.account.subscriptions.get(subscriptions[n % peopleCount]!)!
    const invoice = stripe.account.invoices.get(String(subscription.latest_invoice))!
    if (n % 4 === 3) return stripe.emit('invoice.updated', invoice)
    stripe.account.cancelAtPeriodEnd(subscription, !subscription.cancel_at_period_end)
    return stripe.events.at(-1)!
  })
  const requests = await Promise.all(
    events.map(async event => {
      const { payload, signature } = await stripe.signed(event)
      return { raw: payload, headers: { 'stripe-signature': signature } }
    }),
  )

  await cloud.ready?.()
  const startedMs = performance.now()
  const took: number[] = []
  const statuses = await Promise.all(
    requests.map(async (request, n) => {
      const waitMs = startedMs + (n * 1000) / rate - performance.now()
      await new Promise(resolve => setTimeout(resolve, Math.max(0, waitMs)))
      const sentMs = performance.now()
      const { status } = await cloud.call('POST', '/stripe/webhook', request)
      took.push(performance.now() - sentMs)
      return status
    }),
  )
  const wallS = (performance.now() - startedMs) / 1000
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.floor(share * (took.length - 1))]!.toFixed(0)
  const figures =
    `${events.length} webhooks in ${wallS.toFixed(1)} s = ${(events.length / wallS).toFixed(0)}/s; ` +
    `answered in p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`
  return { events, statuses, subscriptions, figures }
}
