// `/userdata`: where ComfyUI's frontend and other clients keep workflows and small files of theirs.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { Hono } from 'hono'
import { syncFolder, writeDurably } from '../../files/durable.ts'
import { inside, slashed } from '../../files/paths.ts'
import type { Host } from '../host.ts'
import { empty, json } from './answers.ts'

const fileLimitBytes = 64 * 2 ** 20
const filesLimit = 10_000
const depthLimit = 16

interface Found {
  /** Relative to the asked folder, with forward slashes. */
  path: string
  directory: boolean
  size: number
  modified: number
}

export function userdataRoutes(host: Host): Hono {
  const root = join(host.folders.data, 'user', 'default')
  const routes = new Hono()
  const fileOf = (encoded: string): string | undefined => {
    const name = decoded(encoded)
    const path = name === undefined ? undefined : inside(root, name)
    return path === root ? undefined : path
  }

  routes.get('/userdata', async ({ req }) => {
    const folder = req.query('dir')
    if (!folder) return empty(400)
    const path = inside(root, folder)
    if (!path) return empty(403)
    if (!isFolder(path)) return empty(404)
    const files = (await list(path, req.query('recurse') === 'true')).filter(
      ({ directory }) => !directory,
    )
    if (req.query('full_info') === 'true')
      return json(files.map(({ directory: _, ...file }) => file))
    const split = req.query('split') === 'true'
    return json(files.map(({ path }) => (split ? [path, ...path.split('/')] : path)))
  })

  routes.get('/v2/userdata', async ({ req }) => {
    const folder = req.query('path') ?? ''
    const path = inside(root, folder)
    if (!path) return empty(403)
    if (!isFolder(path)) return folder === '' ? json([]) : empty(404)
    const prefix = folder === '' ? '' : `${slashed(folder).replace(/\/$/, '')}/`
    return json(
      (await list(path, false)).map(({ path, directory, size, modified }) => ({
        name: path,
        path: prefix + path,
        type: directory ? 'directory' : 'file',
        ...(directory ? {} : { size, modified }),
      })),
    )
  })

  routes.get('/userdata/:file{.+}', ({ req }) => {
    const path = fileOf(namePart(req.url))
    if (!path) return empty(403)
    if (!isFile(path)) return empty(404)
    // What a client put there is handed out, never run as a page of ours.
    const body = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>
    const type = path.endsWith('.json') ? 'application/json' : 'application/octet-stream'
    return new Response(body, { headers: { 'content-type': type } })
  })

  routes.post('/userdata/:file{.+}', async ({ req }) => {
    const [, from, to] = movePathPattern.exec(namePart(req.url)) ?? []
    const full = req.query('full_info')
    const overwrite = req.query('overwrite') !== 'false'
    const path = fileOf(from ?? namePart(req.url))
    const target = to === undefined ? path : fileOf(to)
    if (!path || !target) return empty(403)
    if (to !== undefined && !isFile(path)) return empty(404)
    if (existsSync(target) && (!overwrite || !isFile(target))) return empty(409)
    try {
      await mkdir(dirname(target), { recursive: true })
    } catch {
      return empty(400) // a file lies where a folder should be
    }
    if (to !== undefined) {
      await rename(path, target)
      await syncFolder(dirname(target))
    } else {
      const bytes = new Uint8Array(await req.arrayBuffer())
      if (bytes.length > fileLimitBytes) return empty(413)
      await writeDurably(target, bytes)
    }
    return told(target, full)
  })

  routes.delete('/userdata/:file{.+}', async ({ req }) => {
    const path = fileOf(namePart(req.url))
    if (!path) return empty(403)
    if (!isFile(path)) return empty(404)
    await rm(path)
    return empty(204)
  })

  /** The name, or all about the file, as ComfyUI answers a write. */
  const told = (path: string, full: string | undefined): Response => {
    const name = slashed(path.slice(root.length + 1))
    const { size, mtimeMs } = statSync(path)
    return json(full === 'true' ? { path: name, size, modified: Math.round(mtimeMs) } : name)
  }
  return routes
}

/** What follows `/userdata/`, as sent: the slashes of a name are encoded, that of `/move/` is not. */
const namePart = (url: string): string => new URL(url).pathname.replace(/^.*?\/userdata\//, '')
const movePathPattern = /^(.+)\/move\/([^/]+)$/

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

async function list(root: string, recurse: boolean): Promise<Found[]> {
  const found: Found[] = []
  const visit = async (folder: string, prefix: string, depth: number) => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.isSymbolicLink()) continue
      if (found.length >= filesLimit) return
      const path = join(folder, entry.name)
      const { size, mtimeMs } = statSync(path)
      const directory = entry.isDirectory()
      const name = prefix + entry.name
      found.push({ path: name, directory, size, modified: Math.round(mtimeMs) })
      if (directory && recurse && depth < depthLimit) await visit(path, `${name}/`, depth + 1)
    }
  }
  await visit(root, '', 0)
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}
