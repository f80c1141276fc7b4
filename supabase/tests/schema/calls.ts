// Calling the Data API's functions as PostgREST does, and Stripe objects to feed the billing ones.
import type { LocalDatabase } from '../../local/database.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are checked by the tests that read them.
type Any = any
export type Json = Record<string, Any>
export type Caller = string | 'anon' | 'service'

/** `rpc/<name>` with named arguments. The caller is a user's id, 'anon' or 'service'. */
export async function call(
  db: LocalDatabase,
  caller: Caller,
  name: string,
  args: Json = {},
  schema: 'public' | 'app' = 'public',
): Promise<Any> {
  const names = Object.keys(args).map((key, i) => `${key} => $${i + 1}`)
  const values = Object.values(args).map(value =>
    value !== null && typeof value === 'object' && !(value instanceof Date)
      ? db.sql.json(value)
      : value,
  )
  const text = `select ${schema}.${name}(${names.join(', ')}) as result`
  const rows = await as(db, caller, text, values)
  return rows[0]?.result
}

/** One statement under a role. */
export function as(db: LocalDatabase, caller: Caller, text: string, values: unknown[] = []) {
  if (caller === 'anon') return db.asAnon(text, values)
  if (caller === 'service') return db.asService(text, values)
  return db.asUser(caller, text, values)
}

/** Waits for the refusal of a call. → its code (PT404, 42501, …) and the detail for programs. */
export async function refusal(work: Promise<unknown>): Promise<Json> {
  try {
    await work
  } catch (error) {
    const { code, message, detail } = error as { code: string; message: string; detail?: string }
    return { ...(detail?.startsWith('{') ? JSON.parse(detail) : {}), status: code, message }
  }
  throw new Error('The call was not refused.')
}

export interface SubscriptionFacts {
  id?: string
  user: string
  price?: string
  status?: string
  start?: Date
  end?: Date
  interval?: 'month' | 'year'
  created?: Date
  more?: Json
}

const seconds = (date: Date) => Math.floor(date.getTime() / 1000)
export const days = (n: number) => n * 24 * 3600 * 1000

/** A subscription as Stripe's API sends it. */
export function stripeSubscription(facts: SubscriptionFacts): Json {
  const start = facts.start ?? new Date()
  const price = facts.price ?? 'price_plus_month'
  return {
    object: 'subscription',
    id: facts.id ?? `sub_${facts.user.slice(0, 8)}`,
    customer: `cus_${facts.user.slice(0, 8)}`,
    status: facts.status ?? 'active',
    created: seconds(facts.created ?? start),
    cancel_at_period_end: false,
    cancel_at: null,
    trial_end: null,
    ended_at: null,
    latest_invoice: null,
    metadata: { user_id: facts.user },
    items: {
      data: [
        {
          current_period_start: seconds(start),
          current_period_end: seconds(facts.end ?? new Date(start.getTime() + days(30))),
          price: {
            id: price,
            unit_amount: 900,
            currency: 'eur',
            recurring: { interval: facts.interval ?? 'month' },
            metadata: {},
          },
        },
      ],
    },
    ...facts.more,
  }
}

/** An invoice as Stripe's API sends it. */
export function stripeInvoice(user: string, more: Json = {}): Json {
  return {
    object: 'invoice',
    id: `in_${user.slice(0, 8)}`,
    customer: `cus_${user.slice(0, 8)}`,
    number: 'CR-0001',
    status: 'paid',
    amount_paid: 900,
    currency: 'eur',
    created: seconds(new Date()),
    hosted_invoice_url: 'https://invoice.example/1',
    invoice_pdf: 'https://invoice.example/1.pdf',
    metadata: {},
    parent: { subscription_details: { subscription: `sub_${user.slice(0, 8)}` } },
    ...more,
  }
}

/** Prices as a deployment sets them. */
export const setPrices = (db: LocalDatabase) =>
  db.sql`update public.plans set stripe_price_id = 'price_' || id || '_month' where id <> 'free'`

export const subscribe = (db: LocalDatabase, facts: SubscriptionFacts) =>
  call(db, 'service', 'apply_subscription', { subscription: stripeSubscription(facts) }, 'app')

/** Moves the database's clock, which is the real one otherwise. */
export const advanceClock = (db: LocalDatabase, ms: number) =>
  db.sql`update app.clock set ahead = ahead + make_interval(secs => ${ms / 1000})`
