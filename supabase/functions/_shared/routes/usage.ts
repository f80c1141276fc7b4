// Counts from a device, as the Data API's usage_sync takes them, and a notice by mail when due.
import { createRoute, z } from '@hono/zod-openapi'
import type { Routes } from '../app.ts'
import { asPerson, twice } from '../database.ts'
import { signedIn } from '../guards.ts'
import { json, personOnly, problems } from '../responses.ts'
import { quotaMail, type Usage } from '../usage.ts'

const bodySchema = z.strictObject({
  device: z.uuid(),
  device_name: z.string().max(200).optional(),
  events: z
    .array(
      z.strictObject({
        id: z.uuid(),
        lease: z.uuid().nullish(),
        kind: z.enum(['workflow', 'ai']),
        occurredAt: z.iso.datetime({ offset: true }),
      }),
    )
    .max(1000)
    .default([]),
  want: z.number().int().min(0).max(100_000).default(0),
  give_back: z
    .array(z.strictObject({ lease: z.uuid(), units: z.number().int().min(0) }))
    .max(100)
    .default([]),
})

const answerSchema = z.object({
  accepted: z.number().int(),
  duplicate: z.number().int(),
  lease: z.object({ id: z.uuid(), units: z.number().int(), used: z.number().int() }).nullable(),
  usage: z.object({
    kind: z.enum(['trial', 'subscription']),
    periodStart: z.string(),
    periodEnd: z.string().nullable(),
    used: z.number().int(),
    limit: z.number().int().nullable(),
    aiUsed: z.number().int(),
    aiLimit: z.number().int().nullable(),
  }),
  limitReached: z.boolean(),
  deviceRevoked: z.boolean(),
})

export const usageRoutes: Routes = (app, cloud) => {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/usage/sync',
      summary: 'Report runs and ask for more',
      description: 'Safe to repeat: an event counts once, however often it is sent.',
      security: personOnly,
      middleware: signedIn(cloud, { name: 'usage', calls: 120, windowS: 60 }),
      request: {
        body: { required: true, content: { 'application/json': { schema: bodySchema } } },
      },
      responses: {
        200: json(answerSchema, 'What counts now.'),
        ...problems(400, 401, 403, 409, 422, 429, 503),
      },
    }),
    async context => {
      const given = context.req.valid('json')
      const { claims } = context.var
      const answer = await twice(() =>
        asPerson(cloud.sql, claims, async tx => {
          const [row] = await tx<{ answer: z.output<typeof answerSchema> }[]>`
            select public.usage_sync(${given.device}, ${given.device_name ?? null},
              ${tx.json(given.events as never)}, ${given.want},
              ${tx.json(given.give_back as never)}) as answer`
          return row!.answer
        }),
      )
      const notice = quotaMail(claims.sub, answer.usage as Usage)
      if (notice) await cloud.tell(notice)
      return context.json(answer, 200)
    },
  )
}
