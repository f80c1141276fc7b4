// What this server can do: node types and model files.
import { Hono } from 'hono'
import type { JsonObject } from '../../graph/json.ts'
import { objectInfoOf } from '../../graph/object-info.ts'
import { modelKinds } from '../../library/model-folders.ts'
import type { Host } from '../host.ts'
import { empty, json } from './answers.ts'

export function objectInfoRoutes(host: Host): Hono {
  const routes = new Hono()
  routes.get('/object_info', () => json(objectInfoOf(host.catalogue())))
  routes.get('/object_info/:name', ({ req }) => {
    const name = req.param('name')
    const info = objectInfoOf(host.catalogue())
    const found: JsonObject = Object.hasOwn(info, name) ? { [name]: info[name]! } : {}
    return json(found)
  })
  routes.get('/models', () => json(modelKinds))
  routes.get('/models/:folder', ({ req }) => {
    const folder = req.param('folder')
    return host.models().hasKind(folder) ? json(host.models().list(folder)) : empty(404)
  })
  routes.get('/embeddings', () =>
    json(
      host
        .models()
        .list('embeddings')
        .map(name => name.replace(/\.[^.]+$/, '')),
    ),
  )
  return routes
}
