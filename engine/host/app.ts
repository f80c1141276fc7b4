// One `(Request) => Response` for everything that is not RPC: the page, pictures, previews. Electron
// puts it behind `app://`, `serve` behind http.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import { inside } from '../files/paths.ts'
import { AssetError } from './assets.ts'
import { json } from './comfy-server/answers.ts'
import { viewRoutes } from './comfy-server/view.ts'
import { fileResponse } from './file-response.ts'
import type { Host } from './host.ts'
import { templatePicture } from './templates.ts'
import { createThumbnails } from './thumbnails.ts'

const cacheForever = 'private, max-age=31536000, immutable'

/** Everything comes from here; nothing may be framed, embedded or sent elsewhere. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' blob: data:",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Who may ask is checked by whoever carries the requests (serve.ts); Electron's are its own. */
export function createApp(host: Host): Hono {
  const app = new Hono()
  const thumbnails = createThumbnails(host.folders.thumbnails)

  app.use(async (context, next) => {
    await next()
    context.res.headers.set('x-content-type-options', 'nosniff')
    context.res.headers.set('cross-origin-resource-policy', 'same-origin')
    context.res.headers.set('referrer-policy', 'no-referrer')
  })

  app.put('/assets', async ({ req }) => {
    const { body } = req.raw
    if (!body) return json({ message: 'The file is empty.' }, 400)
    try {
      return json(await host.putAsset(req.query('name') ?? 'picture', body))
    } catch (error) {
      if (error instanceof AssetError) return json({ message: error.message }, error.status)
      throw error
    }
  })

  app.get('/assets/:hash{[0-9a-f]{64}}', async ({ req }) => {
    const hash = req.param('hash')
    const found = host.assets.locate(hash)
    if (!found) return json({ message: 'The picture is no longer there.' }, 404)
    const headers = { 'cache-control': cacheForever, etag: `"${hash}"` }
    if (req.header('if-none-match') === headers.etag)
      return new Response(null, { status: 304, headers })
    const width = Number(req.query('w'))
    if (!(width > 0) || width >= found.asset.width)
      return fileResponse(found.file, { ...headers, 'content-type': found.asset.mime })
    const bytes = await thumbnails.get(hash, found.file, width)
    return new Response(bytes, { headers: { ...headers, 'content-type': 'image/webp' } })
  })

  app.get('/previews/:run/:node', ({ req }) => {
    const preview = host.previews.get(req.param('run'), req.param('node'))
    if (!preview) return json({ message: 'The preview is gone.' }, 404)
    return new Response(Buffer.from(preview.bytes), {
      headers: { 'content-type': preview.mime, 'cache-control': cacheForever },
    })
  })

  app.get('/templates/:file', ({ req }) => {
    const file = templatePicture(host.folders, req.param('file'))
    return file
      ? fileResponse(file, { 'cache-control': 'no-cache' })
      : json({ message: 'There is no such template.' }, 404)
  })

  // A download, so that the browser or the shell asks where to put it.
  app.get('/account/export', async ({ req }) => {
    // Not even by a link: what is held about a person is asked for on our own page.
    if (!['same-origin', 'none', undefined].includes(req.header('sec-fetch-site')))
      return json({ message: 'Export on the account page.' }, 403)
    const archive = await (await host.account.load()).exportData()
    return new Response(archive, {
      headers: {
        'content-type': 'application/zip',
        'content-disposition': 'attachment; filename="comfyrunner-account.zip"',
        'cache-control': 'no-store',
      },
    })
  })

  // LoadImage names files of the input folder: the page shows them as ComfyUI's does.
  app.route('/', viewRoutes(host))
  app.notFound(({ req }) => pageFile(host.folders.page, new URL(req.url).pathname, req.method))
  app.onError(error => {
    if (error.name === 'AccountError') return json({ message: error.message }, 409)
    console.error(error)
    return json({ message: 'Something went wrong in the app; it was written to the log.' }, 500)
  })
  return app
}

/** A file of the built page; its names carry hashes, except for `index.html`. */
async function pageFile(folder: string, pathname: string, method: string): Promise<Response> {
  if (method !== 'GET' && method !== 'HEAD') return new Response('Not found', { status: 404 })
  const index = join(folder, 'index.html')
  if (!existsSync(index))
    return new Response('The page has not been built. Run `npm start`, which builds it.', {
      status: 503,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
  const path = decode(pathname)
  const file =
    path === undefined ? undefined : inside(folder, path === '/' ? 'index.html' : path.slice(1))
  if (!file) return new Response('Bad path', { status: 400 })
  return fileResponse(file, {
    'cache-control': pathname.startsWith('/assets/') ? cacheForever : 'no-cache',
    ...(file.endsWith('.html') ? { 'content-security-policy': contentSecurityPolicy } : {}),
  })
}

function decode(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return undefined
  }
}
