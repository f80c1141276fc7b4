// `/queue` and `/interrupt`.
import { Hono } from 'hono'
import { isObject, type Json, readJson } from '../../graph/json.ts'
import type { RunRow } from '../../store/runs.ts'
import type { Store } from '../../store/store.ts'
import type { Host } from '../host.ts'
import { bodyOf, empty, json, serverError } from './answers.ts'

/** `[number, id, prompt, extra_data, outputs]`, as ComfyUI lists a run. */
export function queueItem({ runs }: Store, run: RunRow): Json[] {
  const texts = runs.texts(run.id)!
  return [run.number, run.id, readJson(texts.prompt), readJson(texts.extraData), run.targets ?? []]
}

export function queueRoutes(host: Host): Hono {
  const routes = new Hono()
  routes.get('/queue', () => {
    const { running } = host.queue
    return json({
      queue_running: running ? [queueItem(host.store, running)] : [],
      queue_pending: host.queue.pending().map(run => queueItem(host.store, run)),
    })
  })
  routes.post('/queue', async ({ req }) => {
    const body = await bodyOf(req.raw)
    if (!isObject(body)) return serverError()
    if (body.clear) host.queue.clear()
    // What runs already is not in the queue any more: /interrupt ends it.
    for (const id of Array.isArray(body.delete) ? body.delete.map(String) : [])
      if (host.queue.running?.id !== id) host.queue.cancel(id)
    return empty()
  })
  routes.post('/interrupt', async ({ req }) => {
    const body = await bodyOf(req.raw)
    const only = isObject(body) ? body.prompt_id : undefined
    if (only === undefined || host.queue.running?.id === only) host.queue.interrupt()
    return empty()
  })
  routes.post('/free', async ({ req }) => {
    const body = await bodyOf(req.raw)
    const { unload_models: models, free_memory: all } = isObject(body) ? body : {}
    if (models || all) host.engine.free(Boolean(all))
    return empty()
  })
  return routes
}
