// Stripe on this machine: the calls that our functions make, strict and with state; Checkout and
// Portal as pages; signed webhooks. For `npm run cloud` and for tests, which can make its webhooks
// late, lost, twice, in any order or wrongly signed.
import { Hono } from 'hono'
import type Stripe from 'stripe'
import { type Listening, listen } from '../listen.ts'
import { createAccount, type StripeAccount } from './account.ts'
import { type Call, stripeApi } from './api.ts'
import { keep, readKept, restore } from './kept-state.ts'
import { stripePages } from './pages.ts'
import { createWebhooks, type DeliverOptions, type StripeEvent } from './webhooks.ts'

export type { StripeEvent } from './webhooks.ts'

export interface StripeDoubleOptions {
  /** Where webhooks go: `…/functions/v1/account/stripe/webhook`. Asked at each delivery. */
  webhookUrl: string | (() => string)
  /** STRIPE_WEBHOOK_SECRET, `whsec_…` */
  secret: string
  /** STRIPE_SECRET_KEY */
  apiKey?: string
  /** ms */
  clock?: { now(): number }
  port?: number
  /** A file that keeps the account between starts; without one it is gone at the end. */
  keptIn?: string | undefined
}

export interface StripeDouble {
  /** STRIPE_API_URL */
  url: string
  apiKey: string
  secret: string
  /** The state itself, to look at and to change as Stripe's dashboard would. */
  account: StripeAccount
  /** Everything that happened, oldest first. */
  events: StripeEvent[]
  /** Every API call that was answered. */
  calls: Call[]
  /** Deliveries that were not answered with 2xx. */
  failures: { event: string; status: number }[]
  /** Pays as the page does. @returns false when the card was declined */
  completeCheckout(id: string, card?: string): Promise<boolean>
  /** Subscribes a customer without Checkout, quicker for tests. */
  subscribe(
    customer: string,
    priceId: string,
    options?: { trialDays?: number; later?: 'pays' | 'fails'; metadata?: Record<string, string> },
  ): Promise<Stripe.Subscription>
  /** Refunds what an invoice was paid with. */
  refund(invoiceId: string, amountCents?: number): Promise<Stripe.Refund>
  /** Lets what is due by the clock happen (renewals, trial ends, retries), and its webhooks arrive. */
  settle(): Promise<void>
  /** Sends an event once more; answers the receiver's HTTP status. */
  resend(event: StripeEvent | string, how?: DeliverOptions): Promise<number>
  /** An event as it is posted, for whoever delivers it in another way. */
  signed(event: StripeEvent): Promise<{ payload: string; signature: string }>
  /** Sends an event of any type that did not happen here. */
  emit(type: string, object: object): StripeEvent
  /** While on, every API call is answered with 503. */
  outage(on: boolean): void
  webhooks: Pick<ReturnType<typeof createWebhooks>, 'hold' | 'lose' | 'release' | 'settled'>
  stop(): Promise<void>
}

/** The plans' prices; `metadata.plan_id` names the row in `plans`. See docs/deploy.md. */
const planPrices = [
  { id: 'price_plus_month', product: 'Plus', unit_amount: 900, plan: 'plus' },
  { id: 'price_pro_month', product: 'Pro', unit_amount: 2900, plan: 'pro' },
] as const

export async function startStripeDouble(options: StripeDoubleOptions): Promise<StripeDouble> {
  const clock = options.clock ?? Date
  const apiKey = options.apiKey ?? 'sk_test_local'
  const { webhookUrl } = options
  let url = ''
  const webhooks = createWebhooks({
    url: typeof webhookUrl === 'string' ? () => webhookUrl : webhookUrl,
    secret: options.secret,
    now: () => clock.now(),
  })
  const kept = readKept(options.keptIn)
  let quiet = true
  let saving: NodeJS.Immediate | undefined
  /** Once for all that happens in a moment: nothing is confirmed to anybody before that. */
  const saveSoon = () => {
    if (options.keptIn) saving ??= setImmediate(save)
  }
  function save() {
    clearImmediate(saving)
    saving = undefined
    if (options.keptIn) keep(options.keptIn, Number(new URL(url).port), account, webhooks.events)
  }
  const account: StripeAccount = createAccount(
    clock,
    (type, object) => {
      if (quiet) return
      webhooks.emit(type, object, account.now())
      saveSoon()
    },
    () => url,
  )
  if (kept) restore(kept, account)
  for (const { plan, ...price } of planPrices)
    if (!account.prices.has(price.id))
      account.createPrice({
        ...price,
        currency: 'eur',
        interval: 'month',
        metadata: { plan_id: plan },
      })
  quiet = false

  const calls: Call[] = []
  const app = new Hono()
  let out = false
  app.use(async (context, next) => {
    await next()
    if (context.req.method !== 'GET') save()
  })
  app.use('/v1/*', async (context, next) => {
    if (!out) return next()
    return context.json({ error: { type: 'api_error', message: 'Out of order.' } }, 503)
  })
  app.route('/v1', stripeApi(account, apiKey, calls))
  app.route('/', stripePages(account))
  const server = await listenAgain(app.fetch, options.port, kept?.port)
  url = server.url
  save()
  if (kept) webhooks.resume(kept.events)

  return {
    url,
    apiKey,
    secret: options.secret,
    account,
    calls,
    events: webhooks.events,
    failures: webhooks.failures,
    async completeCheckout(id, card) {
      const paid = account.payCheckout(id, card)
      await webhooks.settled()
      return paid !== null
    },
    async subscribe(customer, priceId, given) {
      const made = account.subscribe(customer, account.prices.get(priceId)!, given)
      await webhooks.settled()
      return made
    },
    async refund(invoiceId, amountCents) {
      const intent = account.invoices.get(invoiceId)?.payments?.data[0]?.payment.payment_intent
      const charge = [...account.charges.values()].find(one => one.payment_intent === intent)
      if (!intent || !charge) throw new Error(`Invoice ${invoiceId} was not paid.`)
      const made = account.refund(charge, amountCents ?? charge.amount - charge.amount_refunded)
      await webhooks.settled()
      return made
    },
    async settle() {
      account.catchUp()
      await webhooks.settled()
    },
    resend(event, how) {
      const found =
        typeof event === 'string' ? webhooks.events.find(one => one.id === event) : event
      if (!found) throw new Error(`There is no event ${String(event)}.`)
      return webhooks.deliver(found, how)
    },
    signed: event => webhooks.signed(event),
    emit: (type, object) => webhooks.emit(type, object, account.now()),
    outage: on => void (out = on),
    webhooks: {
      hold: webhooks.hold,
      lose: webhooks.lose,
      release: order => webhooks.release(order),
      settled: () => webhooks.settled(),
    },
    async stop() {
      await webhooks.stop()
      await server.stop()
      save()
    },
  }
}

/** Where it was the last time, if nobody else is there now: receipts of then link to it. */
async function listenAgain(
  handler: Hono['fetch'],
  wanted: number | undefined,
  earlier: number | undefined,
): Promise<Listening> {
  if (wanted !== undefined || !earlier) return listen(handler, wanted)
  return listen(handler, earlier).catch(() => listen(handler))
}
