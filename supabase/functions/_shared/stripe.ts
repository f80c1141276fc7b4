// Stripe's client, and what our code asks of its objects.
import Stripe from 'stripe'
import type { Env } from './deps.ts'

const timeoutMs = 20_000

export function openStripe(env: Env, fetcher: typeof fetch): Stripe {
  const local = env.STRIPE_API_URL ? new URL(env.STRIPE_API_URL) : null
  return new Stripe(env.STRIPE_SECRET_KEY, {
    httpClient: Stripe.createFetchHttpClient(fetcher),
    telemetry: false,
    timeout: timeoutMs,
    maxNetworkRetries: 2,
    ...(local && { host: local.hostname, port: local.port, protocol: 'http' as const }),
  })
}

/** An expandable field's id. */
export const idOf = (field: string | { id: string } | null | undefined): string | null =>
  typeof field === 'string' ? field : (field?.id ?? null)

/** The payments behind an invoice that was fetched with `payments` expanded. */
export const paymentIntentsOf = (invoice: Stripe.Invoice): string[] =>
  (invoice.payments?.data ?? []).flatMap(payment => idOf(payment.payment.payment_intent) ?? [])

/** Subscriptions that cost or will cost something; the others are history. */
export const isLive = (subscription: { status: string }): boolean =>
  !['canceled', 'incomplete_expired'].includes(subscription.status)

export const isMissing = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError && error.code === 'resource_missing'

/** @returns null when Stripe does not know it (any more) */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
