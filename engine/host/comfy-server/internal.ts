// Small routes that ComfyUI's frontend asks for at its start and in its side bars.
import { extname } from 'node:path'
import { Hono } from 'hono'
import { ModelError } from '../../inference/model-error.ts'
import { openSafetensors } from '../../inference/safetensors.ts'
import { modelKinds } from '../../library/model-folders.ts'
import type { Host } from '../host.ts'
import { empty, json } from './answers.ts'

export function internalRoutes(host: Host): Hono {
  const routes = new Hono()
  // Nothing that a client may read is logged here; the terminal has what there is.
  routes.get('/internal/logs', () => json(''))
  routes.get('/internal/logs/raw', () => json({ entries: [], size: { cols: 80, rows: 24 } }))
  routes.patch('/internal/logs/subscribe', () => empty())
  routes.get('/experiment/models', () =>
    json(modelKinds.map(name => ({ name, folders: host.folders.models }))),
  )
  routes.get('/experiment/models/:folder', ({ req }) => {
    const folder = req.param('folder')
    if (!host.models().hasKind(folder)) return empty(404)
    return json(
      host
        .models()
        .list(folder)
        .map(name => ({ name, pathIndex: 0 })),
    )
  })
  routes.get('/view_metadata/:folder', ({ req }) => {
    const name = req.query('filename')
    if (!name || extname(name) !== '.safetensors') return empty(404)
    const path = host.models().path(req.param('folder'), name)
    const metadata = path && metadataOf(path)
    return metadata ? json(metadata) : empty(404)
  })
  return routes
}

/** `__metadata__` of a safetensors file, if it says anything. */
function metadataOf(path: string): Readonly<Record<string, string>> | undefined {
  try {
    const { metadata } = openSafetensors(path)
    return Object.keys(metadata).length > 0 ? metadata : undefined
  } catch (error) {
    if (error instanceof ModelError) return undefined
    throw error
  }
}
