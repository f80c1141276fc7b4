// The double as `npm run cloud -- --data-dir` has it: what was subscribed is there the next time.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Listening, listen } from '../../local/listen.ts'
import { type StripeDouble, startStripeDouble } from '../../local/stripe/double.ts'

let dir: string
let door: Listening
let double: StripeDouble
/** Types of the webhooks that arrived. */
let arrived: string[]
let doorStatus = 200
let nowMs = Date.UTC(2026, 0, 31)

const start = async (keptIn: string | undefined = join(dir, 'stripe.json')) =>
  startStripeDouble({
    webhookUrl: door.url,
    secret: 'whsec_test',
    clock: { now: () => nowMs },
    keptIn,
  })
const restart = async () => {
  await double.stop()
  double = await start()
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'stripe-kept-'))
  arrived = []
  doorStatus = 200
  door = await listen(async request => {
    if (doorStatus === 200) arrived.push((await request.json()).type)
    return new Response(null, { status: doorStatus })
  })
  double = await start()
})
afterEach(async () => {
  await double.stop()
  await door.stop()
  rmSync(dir, { recursive: true, force: true })
})

const subscribed = () => {
  const { id } = double.account.createCustomer({ email: 'ann@example.test' })
  return double.subscribe(id, 'price_plus_month')
}

test('a subscription, its receipts and where they lead outlive a restart, and it renews', async () => {
  const made = await subscribed()
  const before = JSON.stringify([...double.account.invoices])
  const { url } = double
  await restart()
  expect(double.url).toBe(url)
  expect(JSON.stringify([...double.account.invoices])).toBe(before)
  const found = double.account.subscriptions.get(made.id)!
  expect(JSON.stringify(found)).toBe(JSON.stringify(made))
  expect(double.events.length).toBeGreaterThan(3)
  arrived = []
  nowMs += 32 * 86_400_000
  await double.settle()
  expect(arrived).toContain('invoice.paid')
  expect(double.account.invoices.size).toBe(2)
  expect(double.account.charges.size).toBe(2)
  expect(readdirSync(dir)).toEqual(['stripe.json'])
})

test('what stands in two places is still one object', async () => {
  const { id } = await subscribed()
  await restart()
  const price = double.account.prices.get('price_plus_month')!
  expect(double.account.subscriptions.get(id)!.items.data[0]!.price).toBe(price)
  const [invoice] = double.account.invoices.values()
  expect(invoice!.payments!.data[0]).toBe([...double.account.invoicePayments.values()][0])
  await double.refund(invoice!.id!, 100)
  expect([...double.account.charges.values()][0]!.amount_refunded).toBe(100)
})

test('a webhook that nobody took is delivered after the restart', async () => {
  doorStatus = 500
  const { id } = double.account.createCustomer({ email: 'ann@example.test' })
  await double.stop()
  doorStatus = 200
  double = await start()
  await double.webhooks.settled()
  expect(arrived).toEqual(['customer.created'])
  expect(double.account.liveCustomer(id)?.email).toBe('ann@example.test')
  arrived = []
  await restart()
  await double.webhooks.settled()
  expect(arrived).toEqual([])
})

test('without a file nothing is written', async () => {
  await double.stop()
  rmSync(join(dir, 'stripe.json'))
  double = await startStripeDouble({ webhookUrl: door.url, secret: 'whsec_test' })
  await double.subscribe(double.account.createCustomer({}).id, 'price_pro_month')
  expect(readdirSync(dir)).toEqual([])
})
