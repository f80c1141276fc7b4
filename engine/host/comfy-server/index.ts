// A server that ComfyUI's clients can talk to. Every route answers under `/api` too.
import { Hono } from 'hono'
import type { Host } from '../host.ts'
import { empty, serverError } from './answers.ts'
import { historyRoutes } from './history.ts'
import { internalRoutes } from './internal.ts'
import { objectInfoRoutes } from './object-info.ts'
import { promptRoutes } from './prompt.ts'
import { queueRoutes } from './queue.ts'
import { systemRoutes } from './system-stats.ts'
import { uploadRoutes } from './upload.ts'
import { userdataRoutes } from './userdata.ts'
import { viewRoutes } from './view.ts'

export function comfyRoutes(host: Host): Hono {
  const routes = new Hono()
  for (const part of [
    promptRoutes,
    queueRoutes,
    historyRoutes,
    viewRoutes,
    uploadRoutes,
    objectInfoRoutes,
    systemRoutes,
    internalRoutes,
    userdataRoutes,
  ])
    routes.route('/', part(host))
  const both = new Hono()
  both.route('/', routes)
  both.route('/api', routes)
  both.options('*', () => empty())
  both.onError(error => {
    console.error(error)
    return serverError()
  })
  return both
}
