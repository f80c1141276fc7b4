// The HTTP calls that our functions make of Stripe, and no others: an address that is not here is
// answered as Stripe answers one it does not know.
import { Hono } from 'hono'
import type { StripeAccount } from './account.ts'
import { answersOf } from './answers.ts'
import { billingCalls } from './api-billing.ts'
import { shopCalls } from './api-shop.ts'
import { newId } from './objects.ts'
import { StripeFault } from './parameters.ts'

export interface Call {
  method: string
  path: string
  status: number
}

/** @param log every call that was made, for tests */
export function stripeApi(account: StripeAccount, apiKey: string, log: Call[]): Hono {
  const api = new Hono()
  const answers = new Map<string, { request: string; status: number; body: string }>()

  api.use(async (context, next) => {
    const authorization = context.req.header('authorization') ?? ''
    if (authorization !== `Bearer ${apiKey}`)
      throw new StripeFault(401, {
        type: 'invalid_request_error',
        message: 'Invalid API Key provided.',
      })
    account.catchUp()
    await next()
    context.header('request-id', newId('req'))
    log.push({
      method: context.req.method,
      path: new URL(context.req.url).pathname,
      status: context.res.status,
    })
  })

  /** The same key gives the same answer; with other parameters it is an error. */
  api.use(async (context, next) => {
    const key = context.req.method === 'POST' ? context.req.header('idempotency-key') : undefined
    if (!key) return next()
    const request = `${new URL(context.req.url).pathname}\n${await context.req.text()}`
    const earlier = answers.get(key)
    if (earlier && earlier.request !== request)
      throw new StripeFault(400, {
        type: 'idempotency_error',
        message:
          'Keys for idempotent requests can only be used with the same parameters they were first used with.',
      })
    if (earlier)
      return context.body(earlier.body, earlier.status as 200, {
        'content-type': 'application/json',
        'idempotent-replayed': 'true',
      })
    await next()
    answers.set(key, {
      request,
      status: context.res.status,
      body: await context.res.clone().text(),
    })
  })

  const shared = answersOf(account)
  shopCalls(api, account, shared)
  billingCalls(api, account, shared)

  // A route, since a nested app's notFound is never asked.
  api.all('*', context => {
    const path = new URL(context.req.url).pathname
    return context.json(
      {
        error: {
          type: 'invalid_request_error',
          message: `Unrecognized request URL (${context.req.method}: ${path}).`,
        },
      },
      404,
    )
  })
  api.onError((error, context) => {
    if (!(error instanceof StripeFault)) throw error
    return context.json({ error: error.body }, error.status as 400, { 'request-id': newId('req') })
  })
  return api
}
