// Leaving: asked for with a fresh sign-in, two weeks to think, undone by one press.
import { createRoute, z } from '@hono/zod-openapi'
import type { Routes } from '../app.ts'
import { provedAt } from '../auth.ts'
import type { Cloud } from '../cloud.ts'
import { customerOf, endAtPeriodEnd, resume } from '../customer.ts'
import { asPerson } from '../database.ts'
import { signedIn } from '../guards.ts'
import { Problem } from '../problem.ts'
import { json, personOnly, problems } from '../responses.ts'

/** A sign-in older than this must be repeated first. */
const freshMs = 10 * 60_000

export const deletionRoutes: Routes = (app, cloud) => {
  const middleware = signedIn(cloud, { name: 'deletion', calls: 10, windowS: 60 })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/deletion',
      summary: 'Ask for the account to be deleted',
      description:
        'Needs a sign-in of the last ten minutes, else 403 `reauthenticate`. Erased after 14 days.',
      security: personOnly,
      middleware,
      responses: {
        200: json(z.object({ eraseAfter: z.string() }), 'When it will be erased.'),
        ...problems(401, 403, 429, 502, 503),
      },
    }),
    async context => {
      const { claims } = context.var
      if (Date.now() - provedAt(claims) > freshMs)
        throw new Problem(403, 'reauthenticate', 'Sign in once more, then ask again.')
      return context.json({ eraseAfter: await leave(cloud, claims.sub) }, 200)
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/deletion',
      summary: 'Keep the account after all',
      security: personOnly,
      middleware,
      responses: { 204: { description: 'It stays.' }, ...problems(401, 429, 502, 503) },
    }),
    async context => {
      const { claims } = context.var
      await asPerson(
        cloud.sql,
        claims,
        async tx => void (await tx`select public.cancel_deletion()`),
      )
      const customer = await customerOf(cloud, claims.sub)
      if (customer) await resume(cloud.stripe, customer)
      return context.body(null, 204)
    },
  )
}

async function leave(cloud: Cloud, userId: string): Promise<string> {
  const customer = await customerOf(cloud, userId)
  // First, so that nobody is charged for an account that is going.
  if (customer) await endAtPeriodEnd(cloud.stripe, customer)
  const [row] = await cloud.sql<{ request: { requestedAt: string; eraseAfter: string } }[]>`
    select app.request_deletion(${userId}) as request`
  const { requestedAt, eraseAfter } = row!.request
  await cloud.tell({
    template: 'deletion-scheduled',
    userId,
    key: `deletion-scheduled:${userId}:${new Date(requestedAt).toISOString()}`,
    eraseAfter,
  })
  return eraseAfter
}
