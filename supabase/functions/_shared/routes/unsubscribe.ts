// One press in a mail switches off one kind of mail (RFC 8058). The address itself is the proof.
import { createRoute, z } from '@hono/zod-openapi'
import type { Routes } from '../app.ts'
import { sameSecret } from '../auth.ts'
import type { Cloud } from '../cloud.ts'
import { twice } from '../database.ts'
import { anyone } from '../guards.ts'
import { unsubscribeToken } from '../mail.ts'
import { page } from '../page.ts'
import { Problem } from '../problem.ts'
import { problems } from '../responses.ts'

const query = z.object({
  person: z.uuid(),
  list: z.enum(['usage_alerts']),
  token: z.string().length(64),
})

const html = (description: string) => ({
  description,
  content: { 'text/html': { schema: z.string() } },
})

export const unsubscribeRoutes: Routes = (app, cloud) => {
  const route = {
    path: '/unsubscribe',
    middleware: anyone(cloud, { name: 'unsubscribe', calls: 30, windowS: 60 }),
    request: { query },
  }
  app.openapi(
    createRoute({
      ...route,
      method: 'get',
      summary: 'Ask before switching off a kind of mail',
      responses: { 200: html('A page with one button.'), ...problems(400, 403, 429) },
    }),
    async context => {
      await checked(cloud, context.req.valid('query'))
      // Mail scanners open links: only the button changes anything.
      return context.html(
        page('Turn off usage notices?', 'You will get no more mails about used-up runs.', {
          button: 'Turn off',
        }),
        200,
      )
    },
  )
  app.openapi(
    createRoute({
      ...route,
      method: 'post',
      summary: 'Switch off a kind of mail',
      responses: { 200: html('Done.'), ...problems(400, 403, 429) },
    }),
    async context => {
      const { person } = context.req.valid('query')
      await checked(cloud, context.req.valid('query'))
      await twice(
        async () =>
          void (await cloud.sql`update public.mail_preferences
            set usage_alerts = false, updated_at = app.now() where user_id = ${person}`),
      )
      return context.html(
        page('Usage notices are off', 'You can turn them on again in the account settings.'),
        200,
      )
    },
  )
}

async function checked(cloud: Cloud, given: z.output<typeof query>): Promise<void> {
  const token = await unsubscribeToken(cloud.sql, given.person, given.list)
  if (!(await sameSecret(token, given.token)))
    throw new Problem(403, 'bad_link', 'This link is not whole. Copy it from the mail once more.')
}
