// Small routes that ComfyUI's frontend asks for at its start and in its side bars.
import { open } from 'node:fs/promises'
import { extname } from 'node:path'
import { Hono } from 'hono'
import { isObject, readJson } from '../../graph/json.ts'
import { MODEL_KINDS } from '../../library/model-folders.ts'
import type { Host } from '../host.ts'
import { empty, json } from './answers.ts'

const HEADER_LIMIT_BYTES = 100 * 2 ** 20

export function internalRoutes(host: Host): Hono {
  const routes = new Hono()
  // Nothing that a client may read is logged here; the terminal has what there is.
  routes.get('/internal/logs', () => json(''))
  routes.get('/internal/logs/raw', () => json({ entries: [], size: { cols: 80, rows: 24 } }))
  routes.patch('/internal/logs/subscribe', () => empty())
  routes.get('/experiment/models', () =>
    json(MODEL_KINDS.map(name => ({ name, folders: host.folders.models }))),
  )
  routes.get('/experiment/models/:folder', ({ req }) => {
    const folder = req.param('folder')
    if (!host.models().knows(folder)) return empty(404)
    return json(
      host
        .models()
        .list(folder)
        .map(name => ({ name, pathIndex: 0 })),
    )
  })
  routes.get('/view_metadata/:folder', async ({ req }) => {
    const name = req.query('filename')
    if (!name || extname(name) !== '.safetensors') return empty(404)
    const path = host.models().path(req.param('folder'), name)
    const metadata = path && (await metadataOf(path))
    return metadata ? json(metadata) : empty(404)
  })
  return routes
}

/** `__metadata__` of a safetensors file, if it says anything. */
async function metadataOf(path: string): Promise<unknown> {
  const file = await open(path, 'r')
  try {
    const { buffer: start, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
    const length = bytesRead === 8 ? start.readBigUInt64LE() : 0n
    if (length === 0n || length > BigInt(HEADER_LIMIT_BYTES)) return undefined
    if (Number(length) + 8 > (await file.stat()).size) return undefined
    const { buffer } = await file.read(Buffer.alloc(Number(length)), 0, Number(length), 8)
    const header = readJson(buffer.toString())
    return isObject(header) ? header.__metadata__ : undefined
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}
