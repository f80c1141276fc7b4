// `GET /view`: a file of the input, output or temp folder, or a smaller or reduced version of it.
import { statSync } from 'node:fs'
import { Hono } from 'hono'
import sharp, { type Sharp } from 'sharp'
import { isFolderType, readAnnotated } from '../../files/annotated-name.ts'
import { inside, isReallyInside } from '../../files/paths.ts'
import { limits } from '../../image/decode.ts'
import { openPicture } from '../../image/open-picture.ts'
import { fileResponse, typeOf } from '../file-response.ts'
import type { Folders } from '../folders.ts'
import type { Host } from '../host.ts'
import { empty } from './answers.ts'

export function viewRoutes(host: Pick<Host, 'folders'>): Hono {
  const routes = new Hono()
  routes.get('/view', async ({ req }) => {
    const found = locate(host.folders, req.query())
    if (typeof found === 'number') return empty(found)
    const { file, name } = found
    const preview = req.query('preview')
    const channel = req.query('channel')
    if (preview || (channel && channel !== 'rgba')) return picture(file, preview, channel)
    return fileResponse(file, {
      'content-type': safeType(file),
      'content-disposition': `filename="${encodeURIComponent(name)}"`,
      'cache-control': 'no-cache',
    })
  })
  return routes
}

/** The file, or the status that says why not. */
function locate(
  folders: Folders,
  { filename, subfolder = '', type = 'output' }: Record<string, string>,
): { file: string; name: string } | 400 | 404 {
  if (!filename) return 404
  const { name, type: folder } = readAnnotated(filename, type)
  if (!name || !isFolderType(folder)) return 400
  if (name.startsWith('/') || name.includes('..') || subfolder.includes('..')) return 400
  const file = inside(folders[folder], subfolder, name)
  if (!file) return 400
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return 404
  // A link out of the folder would hand out any file of this machine.
  if (!isReallyInside(folders[folder], file)) return 400
  return { file, name: name.split('/').at(-1)! }
}

/** A file that a browser would run as a page is only ever downloaded. */
const safeType = (file: string): string => {
  const type = typeOf(file)
  return /html|javascript|css|svg|xml/.test(type) ? 'application/octet-stream' : type
}

/** `preview=webp;90` re-encodes; `channel=rgb` drops the alpha, `channel=a` shows it alone. */
async function picture(file: string, preview = '', channel = 'rgba'): Promise<Response> {
  const [kind, quality] = preview.split(';')
  try {
    const opened = await openPicture(file, { limitInputPixels: limits.pixels })
    const original = opened.autoOrient()
    const image =
      channel === 'rgb'
        ? original.removeAlpha()
        : channel === 'a'
          ? await alphaOnly(original)
          : original
    const level = Math.min(100, Math.max(1, Number(quality) || 90))
    const [encoded, type] =
      kind === 'jpeg'
        ? [image.flatten({ background: '#000' }).jpeg({ quality: level }), 'image/jpeg']
        : kind
          ? [image.webp({ quality: level }), 'image/webp']
          : [image.png(), 'image/png']
    const bytes = await encoded.toBuffer()
    return new Response(new Uint8Array(bytes), { headers: { 'content-type': type } })
  } catch {
    return empty(400)
  }
}

/** ComfyUI answers black pixels whose alpha is the picture's. */
async function alphaOnly(image: Sharp): Promise<Sharp> {
  const { data, info } = await image
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  for (let at = 0; at < data.length; at += 4) data.fill(0, at, at + 3)
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 4 } })
}
