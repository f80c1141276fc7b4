// Stripe's request bodies: forms with brackets (`items[0][price]=…`), checked as strictly as Stripe
// does. A parameter that a call does not have is an error with code `parameter_unknown`.
import { z } from 'zod'

export type StripeErrorBody = {
  type: 'invalid_request_error' | 'idempotency_error' | 'card_error'
  message: string
  code?: string
  param?: string
}

export class StripeFault extends Error {
  readonly status: number
  readonly body: StripeErrorBody
  constructor(status: number, body: StripeErrorBody) {
    super(body.message)
    this.status = status
    this.body = body
  }
}

type Form = string | Form[] | { [key: string]: Form }

/** `a[b][0]=x` → {a: {b: ['x']}} */
export function parseForm(text: string): Record<string, Form> {
  const root: Record<string, Form> = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split('[').map(part => part.replace(/\]$/, ''))
    let node = root
    path.slice(0, -1).forEach(part => {
      node = (node[part] ??= {}) as Record<string, Form>
    })
    node[path.at(-1)!] = value
  }
  return arrays(root) as Record<string, Form>
}

/** Objects whose keys count 0, 1, 2… are lists. */
function arrays(value: Form): Form {
  if (typeof value !== 'object') return value
  const keys = Object.keys(value)
  const made = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, arrays(inner)]))
  const isList = keys.length > 0 && keys.every((key, index) => key === String(index))
  return isList ? Object.values(made) : made
}

const integer = z
  .string()
  .regex(/^-?\d+$/, 'Invalid integer')
  .transform(Number)
const boolean = z.enum(['true', 'false']).transform(text => text === 'true')
const metadata = z.record(z.string().max(40), z.string().max(500))
const expand = z.array(z.string()).optional()
const page = {
  limit: integer.pipe(z.number().min(1).max(100)).default(10),
  starting_after: z.string().optional(),
  ending_before: z.string().optional(),
  expand,
}
const created = z
  .union([
    integer,
    z.strictObject({
      gte: integer.optional(),
      gt: integer.optional(),
      lte: integer.optional(),
      lt: integer.optional(),
    }),
  ])
  .optional()

/** What each call takes; the names are Stripe's. */
export const calls = {
  none: z.strictObject({ expand }),
  customerCreate: z.strictObject({
    email: z.string().optional(),
    name: z.string().optional(),
    metadata: metadata.optional(),
    expand,
  }),
  customerUpdate: z.strictObject({
    email: z.string().optional(),
    name: z.string().optional(),
    metadata: metadata.optional(),
    expand,
  }),
  customerList: z.strictObject({ email: z.string().optional(), created, ...page }),
  priceCreate: z.strictObject({
    currency: z.string(),
    product: z.string(),
    unit_amount: integer,
    recurring: z.strictObject({
      interval: z.enum(['month', 'year']),
      interval_count: integer.optional(),
    }),
    metadata: metadata.optional(),
    nickname: z.string().optional(),
    lookup_key: z.string().optional(),
    expand,
  }),
  priceUpdate: z.strictObject({
    active: boolean.optional(),
    metadata: metadata.optional(),
    nickname: z.string().optional(),
    expand,
  }),
  priceList: z.strictObject({
    active: boolean.optional(),
    product: z.string().optional(),
    type: z.enum(['one_time', 'recurring']).optional(),
    created,
    ...page,
  }),
  checkoutCreate: z.strictObject({
    mode: z.enum(['subscription']),
    customer: z.string(),
    client_reference_id: z.string().max(200).optional(),
    line_items: z.array(z.strictObject({ price: z.string(), quantity: integer })).length(1),
    success_url: z.url(),
    cancel_url: z.url().optional(),
    allow_promotion_codes: boolean.optional(),
    metadata: metadata.optional(),
    subscription_data: z
      .strictObject({ metadata: metadata.optional(), trial_period_days: integer.optional() })
      .optional(),
    expand,
  }),
  checkoutList: z.strictObject({
    customer: z.string().optional(),
    status: z.enum(['open', 'complete', 'expired']).optional(),
    subscription: z.string().optional(),
    created,
    ...page,
  }),
  portalCreate: z.strictObject({
    customer: z.string(),
    return_url: z.url().optional(),
    flow_data: z
      .strictObject({
        type: z.enum(['subscription_cancel', 'subscription_update', 'payment_method_update']),
        subscription_cancel: z.strictObject({ subscription: z.string() }).optional(),
        subscription_update: z.strictObject({ subscription: z.string() }).optional(),
        after_completion: z
          .strictObject({
            type: z.enum(['redirect']),
            redirect: z.strictObject({ return_url: z.url() }),
          })
          .optional(),
      })
      .optional(),
    expand,
  }),
  subscriptionUpdate: z.strictObject({
    cancel_at_period_end: boolean.optional(),
    items: z
      .array(z.strictObject({ id: z.string(), price: z.string() }))
      .length(1)
      .optional(),
    proration_behavior: z
      .enum(['none', 'create_prorations', 'always_invoice'])
      .default('create_prorations'),
    metadata: metadata.optional(),
    expand,
  }),
  subscriptionCancel: z.strictObject({
    invoice_now: boolean.optional(),
    prorate: boolean.optional(),
    expand,
  }),
  subscriptionList: z.strictObject({
    customer: z.string().optional(),
    price: z.string().optional(),
    status: z
      .enum(['active', 'all', 'canceled', 'ended', 'past_due', 'trialing', 'unpaid'])
      .optional(),
    created,
    ...page,
  }),
  invoiceList: z.strictObject({
    customer: z.string().optional(),
    subscription: z.string().optional(),
    status: z.enum(['draft', 'open', 'paid', 'uncollectible', 'void']).optional(),
    created,
    ...page,
  }),
  invoicePaymentList: z.strictObject({
    invoice: z.string().optional(),
    payment: z
      .strictObject({ type: z.enum(['payment_intent']), payment_intent: z.string() })
      .optional(),
    ...page,
  }),
  refundCreate: z.strictObject({
    charge: z.string().optional(),
    payment_intent: z.string().optional(),
    amount: integer.optional(),
    reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
    metadata: metadata.optional(),
    expand,
  }),
  refundList: z.strictObject({
    charge: z.string().optional(),
    payment_intent: z.string().optional(),
    created,
    ...page,
  }),
}

/** @throws StripeFault with Stripe's code and words */
export function check<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const path = [
    ...issue.path.map(String),
    ...(issue.code === 'unrecognized_keys' ? [issue.keys[0]!] : []),
  ]
  const param = path.map((part, index) => (index ? `[${part}]` : part)).join('')
  const missing =
    issue.path.reduce<unknown>((at, key) => (at as Form[])?.[key as number], given) === undefined
  if (issue.code === 'unrecognized_keys')
    throw invalid('parameter_unknown', `Received unknown parameter: ${param}`, param)
  if (missing) throw invalid('parameter_missing', `Missing required param: ${param}.`, param)
  throw invalid('parameter_invalid', `Invalid ${param}: ${issue.message}`, param)
}

const invalid = (code: string, message: string, param: string) =>
  new StripeFault(400, { type: 'invalid_request_error', code, message, param })
