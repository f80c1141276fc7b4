// Everything the account holds, as a zip that people can read.
import { createRoute, z } from '@hono/zod-openapi'
import type { Routes } from '../app.ts'
import { nameOf } from '../cloud.ts'
import { twice } from '../database.ts'
import { type AccountExport, exportArchive, type ReadDocuments, type Version } from '../export.ts'
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
            then app.export_user(${sub}, documents => false) end as account`,
      )
      if (!row?.account) throw new Problem(401, 'signed_out', 'This account is gone.')
      const name = `comfyrunner-account-${row.account.exportedAt.slice(0, 10)}.zip`
      // A query for each batch, not one cursor: a slow download would hold its connection.
      const read: ReadDocuments = versions =>
        twice(
          () => cloud.sql<(Version & { document: string })[]>`
            select workflow_id, version, document from public.workflow_versions
            where user_id = ${sub} and (workflow_id, version) in (select *
              from unnest(${versions.map(({ workflow_id }) => workflow_id)}::uuid[],
                ${versions.map(({ version }) => version)}::int[]))
            order by workflow_id, version`,
        ).catch(error => {
          // The answer has begun: it breaks off, and only the log can say why.
          cloud.log({ event: 'error', id: context.var.requestId, error: nameOf(error) })
          throw error
        })
      return new Response(exportArchive(row.account, read), {
        headers: {
          'content-type': 'application/zip',
          'content-disposition': `attachment; filename="${name}"`,
        },
      }) as never
    },
  )
}
