// Everything the account holds, as a zip that people can read.
import { createRoute, z } from '@hono/zod-openapi'
import type { Routes } from '../app.ts'
import { twice } from '../database.ts'
import { type AccountExport, exportArchive } from '../export.ts'
import { signedIn } from '../guards.ts'
import { Problem } from '../problem.ts'
import { personOnly, problems } from '../responses.ts'

export const exportRoutes: Routes = (app, cloud) => {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/export',
      summary: 'Everything the account holds',
      description:
        'A zip with README.txt, manifest.json, tables as JSON and each stored workflow as a file.',
      security: personOnly,
      middleware: signedIn(cloud, { name: 'export', calls: 5, windowS: 300 }),
      responses: {
        200: {
          description: 'The archive.',
          content: { 'application/zip': { schema: z.string().openapi({ format: 'binary' }) } },
        },
        ...problems(401, 429, 503),
      },
    }),
    async context => {
      const { sub } = context.var.claims
      const [row] = await twice(
        () => cloud.sql<{ account: AccountExport | null }[]>`
          select case when exists (select from public.profiles where id = ${sub})
            then app.export_user(${sub}) end as account`,
      )
      if (!row?.account) throw new Problem(401, 'signed_out', 'This account is gone.')
      const name = `comfyrunner-account-${row.account.exportedAt.slice(0, 10)}.zip`
      return new Response(exportArchive(row.account) as Uint8Array<ArrayBuffer>, {
        headers: {
          'content-type': 'application/zip',
          'content-disposition': `attachment; filename="${name}"`,
        },
      }) as never
    },
  )
}
