// Where Stripe's pages lead back to, and a sign of life.
import { createRoute, z } from '@hono/zod-openapi'
import type { Routes } from '../app.ts'
import { page } from '../page.ts'
import { json, problems } from '../responses.ts'

const resultWords: Record<string, string> = {
  subscribed: 'Your plan is active in a moment.',
  left: 'Nothing was charged.',
}

export const pageRoutes: Routes = (app, cloud) => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/return',
      summary: 'The page after Checkout and Portal',
      request: { query: z.object({ result: z.string().max(20).optional() }) },
      responses: {
        200: { description: 'A page.', content: { 'text/html': { schema: z.string() } } },
        ...problems(400),
      },
    }),
    context => {
      const words = resultWords[context.req.valid('query').result ?? ''] ?? ''
      return context.html(
        page('You can go back to ComfyRunner', words, {
          link: { href: 'comfyrunner://account?from=stripe', words: 'Open ComfyRunner' },
        }),
        200,
      )
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/health',
      summary: 'Whether the functions reach their database',
      responses: { 200: json(z.object({ ok: z.literal(true) }), 'They do.'), ...problems(503) },
    }),
    async context => {
      await cloud.sql`select 1`
      return context.json({ ok: true as const }, 200)
    },
  )
}
