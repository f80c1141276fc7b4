// Which mails a state at Stripe calls for. They follow from the state, not from the change, and their
// keys make each go out once. Keys are forgotten after 90 days (app.mail_log), so what is older than
// a week is no news.
import type Stripe from 'stripe'
import type { Mail } from './mail.ts'

/** What app.apply_subscription answers about a row. */
interface Brief {
  id: string
  status: string
  planId: string
  amountCents: number
  currency: string
  currentPeriodEnd: string
  trialEnd: string | null
}

/** What app.apply_subscription and app.apply_invoice answer; `before` and `after` of the former. */
export type Applied =
  | { applied: true; userId: string; before: Brief | null; after: Brief }
  | { applied: false; reason: string }

/** The sum so far, and when the last was made (Unix s). */
export interface Refunded {
  cents: number
  last: number
}

const newsMs = 7 * 86_400_000

export const isNews = (seconds: number, now: Date): boolean =>
  now.getTime() - seconds * 1000 < newsMs

export function subscriptionMails(
  { userId, before, after }: Extract<Applied, { applied: true }>,
  subscription: Stripe.Subscription,
  now: Date,
  trialEnding = false,
): Mail[] {
  const { id, status, planId, amountCents, currency } = after
  if (status === 'canceled' || status === 'unpaid')
    return isNews(subscription.ended_at ?? subscription.created, now)
      ? [{ template: 'subscription-ended', userId, key: `subscription-ended:${id}`, planId }]
      : []
  const about = { userId, planId, amountCents, currency }
  if (status === 'trialing' && trialEnding && after.trialEnd)
    return [
      { ...about, template: 'trial-ending', key: `trial-ending:${id}`, endsAt: after.trialEnd },
    ]
  const started = isNews(subscription.created, now) || (before && before.planId !== planId)
  if (started && (status === 'active' || status === 'trialing'))
    return [
      {
        ...about,
        template: 'subscription-started',
        key: `subscription-started:${id}:${planId}`,
        renewsAt: after.currentPeriodEnd,
      },
    ]
  return []
}

export function invoiceMails(
  userId: string,
  invoice: Stripe.Invoice,
  refunded: Refunded | undefined,
  now: Date,
): Mail[] {
  const { id, currency } = invoice
  if (invoice.status === 'open' && invoice.attempt_count > 0)
    return [
      {
        template: 'payment-failed',
        userId,
        key: `payment-failed:${id}:${invoice.attempt_count}`,
        amountCents: invoice.amount_due,
        currency,
        nextAttemptAt: invoice.next_payment_attempt
          ? new Date(invoice.next_payment_attempt * 1000).toISOString()
          : null,
      },
    ]
  if (refunded?.cents && isNews(refunded.last, now))
    return [
      {
        template: 'refunded',
        userId,
        key: `refunded:${id}:${refunded.cents}`,
        amountCents: refunded.cents,
        currency,
        number: invoice.number,
      },
    ]
  return []
}
