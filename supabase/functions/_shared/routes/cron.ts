// What a schedule calls (docs/deploy.md): each task may run at any time, twice, or late.
import { createRoute, z } from '@hono/zod-openapi'
import type { Routes } from '../app.ts'
import { sameSecret } from '../auth.ts'
import type { Cloud } from '../cloud.ts'
import { twice } from '../database.ts'
import { eraseDue } from '../erase.ts'
import { changePrices } from '../price-change.ts'
import { Problem } from '../problem.ts'
import { reconcile } from '../reconcile.ts'
import { remind } from '../reminders.ts'
import { json, problems } from '../responses.ts'

type Done = Record<string, unknown>

const tasks = {
  periods: cloud => ask(cloud, 'roll_periods'),
  retention: cloud => ask(cloud, 'apply_retention'),
  reminders: async cloud => ({ ...(await remind(cloud)), prices: await changePrices(cloud) }),
  reconcile: async cloud => ({ ...(await reconcile(cloud)) }),
  erase: async cloud => ({ ...(await eraseDue(cloud)) }),
} satisfies Record<string, (cloud: Cloud) => Promise<Done>>

type Task = keyof typeof tasks

async function ask({ sql, now }: Cloud, name: 'roll_periods' | 'apply_retention'): Promise<Done> {
  const at = new Date(now())
  const [row] = await twice(
    () => sql<{ done: Done }[]>`select ${sql(`app.${name}`)}(${at}) as done`,
  )
  return row!.done
}

export const cronRoutes: Routes = (app, cloud) => {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/cron/{task}',
      summary: 'For the schedule only',
      request: { params: z.object({ task: z.enum(Object.keys(tasks) as [Task, ...Task[]]) }) },
      responses: {
        200: json(z.record(z.string(), z.unknown()), 'What was done.'),
        ...problems(400, 401, 502, 503),
      },
    }),
    async context => {
      const given = context.req.header('authorization') ?? ''
      if (!(await sameSecret(given, `Bearer ${cloud.env.CRON_SECRET}`)))
        throw new Problem(401, 'bad_token', 'Only the schedule may do that.')
      const { task } = context.req.valid('param')
      const done = await tasks[task](cloud)
      cloud.log({ event: 'cron', task, done })
      return context.json(done, 200)
    },
  )
}
