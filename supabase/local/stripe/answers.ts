// What every call shares: reading parameters, finding objects, writing out and paging answers.
import type { Context } from 'hono'
import type { z } from 'zod'
import type { StripeAccount } from './account.ts'
import { list } from './objects.ts'
import { check, parseForm, StripeFault } from './parameters.ts'

type Stored = { id: string; created?: number; customer?: unknown }
type Created = number | { gte?: number; gt?: number; lte?: number; lt?: number } | undefined

export type Answers = ReturnType<typeof answersOf>

export function answersOf(account: StripeAccount) {
  const query = (context: Context) => parseForm(new URL(context.req.url).search.slice(1))
  const take = async <T extends z.ZodType>(context: Context, schema: T) =>
    check(
      schema,
      context.req.method === 'POST' ? parseForm(await context.req.text()) : query(context),
    )

  const find = <T>(map: Map<string, T>, id: string, what: string): T => {
    const found = map.get(id)
    if (found) return found
    throw new StripeFault(404, {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: `No such ${what}: '${id}'`,
      param: 'id',
    })
  }

  const customerOf = (id: string) => {
    const customer = account.liveCustomer(id)
    if (customer) return customer
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: `No such customer: '${id}'`,
      param: 'customer',
    })
  }

  const priceOf = (id: string) => {
    const price = find(account.prices, id, 'price')
    if (price.active) return price
    throw new StripeFault(400, {
      type: 'invalid_request_error',
      message: `The price specified is inactive.`,
      param: 'price',
    })
  }

  /** Writes out what `expand` asks for; only what our functions expand is known. */
  function expanded(object: Stored & { object?: string }, expand: string[] = []): object {
    const known: Record<string, Record<string, () => unknown>> = {
      subscription: {
        latest_invoice: () =>
          account.invoices.get(String((object as { latest_invoice?: unknown }).latest_invoice)) ??
          null,
      },
      invoice: { payments: () => (object as { payments?: unknown }).payments },
    }
    const mine = known[object.object ?? ''] ?? {}
    const copy: Record<string, unknown> = { ...object }
    if (object.object === 'invoice' && !expand.includes('payments')) delete copy.payments
    for (const name of expand) {
      if (!mine[name])
        throw new StripeFault(400, {
          type: 'invalid_request_error',
          message: `This property cannot be expanded (${name}).`,
          param: 'expand',
        })
      copy[name] = mine[name]()
    }
    return copy
  }

  const within = (seconds: number, range: Created): boolean =>
    range === undefined ||
    (typeof range === 'number'
      ? seconds === range
      : seconds >= (range.gte ?? -Infinity) &&
        seconds > (range.gt ?? -Infinity) &&
        seconds <= (range.lte ?? Infinity) &&
        seconds < (range.lt ?? Infinity))

  /** Newest first, a page at a time, as every list of Stripe. */
  function paged<T extends Stored>(
    path: string,
    all: T[],
    given: { limit: number; starting_after?: string; expand?: string[]; created?: Created },
  ) {
    const newest = all.filter(one => within(one.created ?? 0, given.created)).reverse()
    const from = given.starting_after
      ? newest.findIndex(one => one.id === given.starting_after) + 1
      : 0
    const inner = given.expand?.map(name => name.replace(/^data\./, ''))
    const data = newest.slice(from, from + given.limit)
    const shown = data.map(one => expanded(one, inner)) as T[]
    return list(path, shown, from + given.limit < newest.length)
  }

  return { take, find, customerOf, priceOf, expanded, paged }
}

/** An empty value takes a key away. */
export function merged(
  before: Record<string, string>,
  given: Record<string, string> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...before, ...given }).filter(([, value]) => value !== ''),
  )
}
