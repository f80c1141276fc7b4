// What stands before a route: who is asking, and how often.
import { createMiddleware } from 'hono/factory'
import type { Claims } from './auth.ts'
import type { Cloud } from './cloud.ts'
import { twice } from './database.ts'
import { Problem } from './problem.ts'

export type Variables = { requestId: string; claims: Claims }

export interface Rate {
  name: string
  calls: number
  windowS: number
}

/** Lets a signed-in person through, `rate.calls` times a window. */
export const signedIn = (cloud: Cloud, rate: Rate) =>
  createMiddleware<{ Variables: Variables }>(async (context, next) => {
    const claims = await cloud.whoIs(context.req.header('authorization'))
    context.set('claims', claims)
    const headers = await takeRate(cloud, rate, claims.sub)
    await next()
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value)
  })

/** Lets anyone through, counted by network address, of which the database keeps a keyed hash. */
export const anyone = (cloud: Cloud, rate: Rate) =>
  createMiddleware<{ Variables: Variables }>(async (context, next) => {
    const headers = await takeRate(cloud, rate, cloud.addressOf(context.req.raw.headers))
    await next()
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value)
  })

/** @throws Problem 429 */
async function takeRate(cloud: Cloud, rate: Rate, who: string): Promise<Record<string, string>> {
  const [row] = await twice(
    () => cloud.sql<{ rate: { allowed: boolean; remaining: number; resetSeconds: number } }[]>`
      select app.take_rate(${`http:${rate.name}:${who}`}, ${rate.calls}, ${rate.windowS}) as rate`,
  )
  const { allowed, remaining, resetSeconds } = row!.rate
  const headers = {
    'ratelimit-limit': String(rate.calls),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(resetSeconds),
  }
  if (allowed) return headers
  throw new Problem(429, 'rate_limited', `Too many requests. Try again in ${resetSeconds} s.`, {
    headers: { ...headers, 'retry-after': String(resetSeconds) },
    more: { resetSeconds },
  })
}
