// A workflow behind a share link. Nobody needs to sign in; the token is the permission.
import { createRoute, z } from '@hono/zod-openapi'
import type { Routes } from '../app.ts'
import { twice } from '../database.ts'
import { anyone } from '../guards.ts'
import { page } from '../page.ts'
import { json, problems } from '../responses.ts'

const sharedSchema = z.object({ name: z.string(), document: z.string() })

export const sharedRoutes: Routes = (app, cloud) => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/shared/{token}',
      summary: 'Open a shared workflow',
      middleware: anyone(cloud, { name: 'shared', calls: 60, windowS: 60 }),
      request: { params: z.object({ token: z.string().regex(/^[\w-]{16,64}$/) }) },
      responses: { 200: json(sharedSchema, 'The workflow.'), ...problems(400, 404, 429, 503) },
    }),
    async context => {
      const { token } = context.req.valid('param')
      // Someone was sent the link and opened it in a browser: the app is where it leads.
      if (context.req.header('accept')?.includes('text/html'))
        return context.html(
          page(
            'A workflow was shared with you',
            'It opens in ComfyRunner, as a copy of your own.',
            {
              link: { href: `comfyrunner://shared/${token}`, words: 'Open in ComfyRunner' },
            },
          ),
          200,
        ) as never
      const [row] = await twice(
        () => cloud.sql<{ shared: z.output<typeof sharedSchema> }[]>`
          select public.shared_workflow(${token}) as shared`,
      )
      return context.json(row!.shared, 200)
    },
  )
}
