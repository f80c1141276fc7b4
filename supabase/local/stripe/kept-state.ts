// A Stripe account in a file, so that subscriptions live as long as the database that tells of them
// (`npm run cloud -- --data-dir DIR`).
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { StripeAccount } from './account.ts'
import type { StripeEvent } from './webhooks.ts'

const collections = [
  'customers',
  'products',
  'prices',
  'subscriptions',
  'invoices',
  'invoicePayments',
  'charges',
  'refunds',
  'checkouts',
  'portals',
  'cards',
] as const satisfies (keyof StripeAccount)[]

/** Later ones can be sent again, earlier ones were taken long ago. */
const keptEvents = 1000

interface Kept {
  /** Where links of receipts lead. */
  port: number
  events: StripeEvent[]
  objects: Record<string, [id: string, value: unknown][]>
}

/** A whole object that stands inside another: it is one and the same, not a copy. */
interface Reference {
  $in: (typeof collections)[number]
  id: string
}

export function readKept(file: string | undefined): Kept | undefined {
  return file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

export function restore(kept: Kept, account: StripeAccount): void {
  const mapOf = (name: Reference['$in']) => account[name] as Map<string, unknown>
  for (const name of collections)
    for (const [id, value] of kept.objects[name] ?? []) mapOf(name).set(id, value)
  const linked = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if ('$in' in value) {
      const { $in, id } = value as Reference
      return mapOf($in).get(id)
    }
    for (const [key, inner] of Object.entries(value))
      (value as Record<string, unknown>)[key] = linked(inner)
    return value
  }
  for (const name of collections) for (const value of mapOf(name).values()) linked(value)
}

export function keep(
  file: string,
  port: number,
  account: StripeAccount,
  events: StripeEvent[],
): void {
  const references = new Map<unknown, Reference>()
  for (const name of collections)
    for (const [id, value] of account[name])
      if (typeof value === 'object') references.set(value, { $in: name, id })
  const plain = (value: unknown) =>
    JSON.parse(JSON.stringify(value, (key, inner) => (key && references.get(inner)) || inner))
  const objects = Object.fromEntries(
    collections.map(name => [name, [...account[name]].map(([id, value]) => [id, plain(value)])]),
  )
  const kept = { port, events: events.slice(-keptEvents), objects }
  writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
