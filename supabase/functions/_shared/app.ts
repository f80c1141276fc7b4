// The account functions: one Hono app, (Request) => Response. It runs under Deno on supabase.com and
// under Node here (supabase/local, which must import local/tsx.ts first for the mails' .tsx).
import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { routePath } from 'hono/route'
import { type Cloud, makeCloud, nameOf } from './cloud.ts'
import type { Deps } from './deps.ts'
import type { Variables } from './guards.ts'
import { openApiDocument } from './openapi.ts'
import { asProblem, Problem, problemResponse } from './problem.ts'
import { billingRoutes } from './routes/billing.ts'
import { cronRoutes } from './routes/cron.ts'
import { deletionRoutes } from './routes/deletion.ts'
import { exportRoutes } from './routes/export.ts'
import { mailHookRoutes } from './routes/mail-hook.ts'
import { pageRoutes } from './routes/pages.ts'
import { sharedRoutes } from './routes/shared-workflow.ts'
import { stripeWebhookRoutes } from './routes/stripe-webhook.ts'
import { unsubscribeRoutes } from './routes/unsubscribe.ts'
import { usageRoutes } from './routes/usage.ts'

export type App = OpenAPIHono<{ Variables: Variables }>
export type Routes = (app: App, cloud: Cloud) => void

/** Nothing that comes in is larger: 1,000 usage events are 200 kB, a Stripe event rarely 50 kB. */
const bodyLimitBytes = 1024 * 1024

const allRoutes: Routes[] = [
  billingRoutes,
  stripeWebhookRoutes,
  usageRoutes,
  exportRoutes,
  deletionRoutes,
  mailHookRoutes,
  cronRoutes,
  sharedRoutes,
  unsubscribeRoutes,
  pageRoutes,
]

export interface AccountApp {
  fetch(request: Request): Promise<Response>
  /** Lets go of the database. */
  close(): Promise<void>
}

export function makeApp(deps: Deps): AccountApp {
  const cloud = makeCloud(deps)
  const app: App = new OpenAPIHono<{ Variables: Variables }>({
    defaultHook(result) {
      if (result.success) return
      const issue = result.error.issues[0]
      const where = issue?.path.join('.')
      throw new Problem(
        400,
        'invalid_request',
        `${where ? `${where}: ` : ''}${issue?.message ?? 'Not valid.'}`,
      )
    },
  }).basePath('/account')

  app.use(async (context, next) => {
    const startedMs = performance.now()
    context.set('requestId', crypto.randomUUID())
    await next()
    context.res.headers.set('x-request-id', context.var.requestId)
    context.res.headers.set('x-content-type-options', 'nosniff')
    context.res.headers.set('cache-control', 'no-store')
    // The route's pattern, not the address: tokens of share links are in addresses.
    cloud.log({
      event: 'request',
      id: context.var.requestId,
      method: context.req.method,
      route: routePath(context, -1),
      status: context.res.status,
      ms: Math.round(performance.now() - startedMs),
    })
  })
  app.use(
    bodyLimit({
      maxSize: bodyLimitBytes,
      onError: () => {
        throw new Problem(413, 'too_large', 'A request may have 1 MB.')
      },
    }),
  )
  app.onError((error, context) => {
    const problem = asProblem(error)
    if (problem.status >= 500)
      cloud.log({ event: 'error', id: context.var.requestId, error: nameOf(error) })
    return problemResponse(problem, context.var.requestId)
  })
  app.notFound(context =>
    problemResponse(
      new Problem(404, 'no_route', 'There is nothing at this address.'),
      context.var.requestId,
    ),
  )

  app.openAPIRegistry.registerComponent('securitySchemes', 'person', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The access token of Supabase Auth.',
  })
  for (const routes of allRoutes) routes(app, cloud)
  const document = openApiDocument(app, `${cloud.env.SUPABASE_URL}/functions/v1`)
  app.get('/openapi.json', context => context.json(document))

  return {
    fetch: async request => app.fetch(request),
    close: () => cloud.sql.end({ timeout: 2 }),
  }
}
