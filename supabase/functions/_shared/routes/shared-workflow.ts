// A workflow behind a share link. Nobody needs to sign in; the token is the permission.
import { createRoute, z } from '@hono/zod-openapi'
import type { Routes } from '../app.ts'
import { twice } from '../database.ts'
import { anyone } from '../guards.ts'
import { json, problems } from '../responses.ts'

const sharedSchema = z.object({ name: z.string(), document: z.string() })

export const sharedRoutes: Routes = (app, cloud) => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/shared/{token}',
      summary: 'Open a shared workflow',
      middleware: anyone(cloud, { name: 'shared', calls: 60, windowS: 60 }),
      request: { params: z.object({ token: z.string().min(16).max(64) }) },
      responses: { 200: json(sharedSchema, 'The workflow.'), ...problems(400, 404, 429, 503) },
    }),
    async context => {
      const { token } = context.req.valid('param')
      const [row] = await twice(
        () => cloud.sql<{ shared: z.output<typeof sharedSchema> }[]>`
          select public.shared_workflow(${token}) as shared`,
      )
      return context.json(row!.shared, 200)
    },
  )
}
