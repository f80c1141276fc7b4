// `POST /upload/image`: a picture under the name that the client gave, as ComfyUI keeps it. The page
// uses `PUT /assets` instead, which streams.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { Hono } from 'hono'
import sharp from 'sharp'
import { isFolderType } from '../../files/annotated-name.ts'
import { writeDurably } from '../../files/durable.ts'
import { inside } from '../../files/paths.ts'
import { isObject, readJson } from '../../graph/json.ts'
import { openPicture } from '../../image/open-picture.ts'
import { whyTooLarge } from '../../image/picture-limits.ts'
import { uploadLimitBytes } from '../assets.ts'
import { freeName } from '../file-names.ts'
import type { Host } from '../host.ts'
import { empty, json } from './answers.ts'

interface Upload {
  name: string
  bytes: Uint8Array
  type: string
  subfolder: string
  overwrite: boolean
}

/** The file system does not take such a name, or something else lies there. */
const badNameCodes = new Set(['ENAMETOOLONG', 'EISDIR', 'ENOTDIR', 'EEXIST', 'EINVAL'])

export function uploadRoutes(host: Host): Hono {
  const routes = new Hono()
  const keep = async (upload: Upload): Promise<Response> => {
    const kept = await store(host, upload).catch(error => {
      if (badNameCodes.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
      throw error
    })
    if (!kept) return empty(400)
    host.events.emit({ type: 'catalogue' })
    return json(kept)
  }
  routes.post('/upload/image', async ({ req }) => {
    const form = await formOf(req.raw)
    const upload = form && (await readUpload(form))
    if (!upload) return empty(400)
    return (await refusalOf(upload)) ?? keep(upload)
  })
  routes.post('/upload/mask', async ({ req }) => {
    const form = await formOf(req.raw)
    const upload = form && (await readUpload(form))
    const original = form && originalOf(host, form)
    if (!upload || !original) return empty(400)
    const refusal = await refusalOf(upload)
    return refusal ?? keep({ ...upload, bytes: await withAlphaOf(original, upload.bytes) })
  })
  return routes
}

/** A picture that no workflow could read; whatever else it is, it is kept as it came. */
async function refusalOf({ name, bytes }: Upload): Promise<Response | undefined> {
  const facts = await openPicture(bytes, { limitInputPixels: false })
    .then(picture => picture.metadata())
    .catch(() => undefined)
  const why = facts && whyTooLarge(`“${name}”`, facts)
  return why ? new Response(why, { status: 413 }) : undefined
}

async function formOf(request: Request): Promise<FormData | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > uploadLimitBytes) return undefined
  return request.formData().catch(() => undefined)
}

async function readUpload(form: FormData): Promise<Upload | undefined> {
  const image = form.get('image')
  if (!(image instanceof File) || !image.name) return undefined
  const text = (name: string) => String(form.get(name) ?? '')
  return {
    name: image.name,
    bytes: new Uint8Array(await image.arrayBuffer()),
    type: text('type') || 'input',
    subfolder: text('subfolder'),
    overwrite: ['true', '1'].includes(text('overwrite')),
  }
}

/** What ComfyUI answers, or nothing when the name leads out of its folder. */
async function store(host: Host, { name, bytes, type, subfolder, overwrite }: Upload) {
  if (!isFolderType(type)) return undefined
  const folder = inside(host.folders[type], subfolder)
  const wanted = basename(name.replaceAll('\\', '/'))
  if (!folder || wanted === '' || wanted === '.' || wanted.startsWith('..')) return undefined
  if (wanted.includes('\0')) return undefined
  await mkdir(folder, { recursive: true })
  const same =
    !overwrite && existsSync(join(folder, wanted)) && (await holds(join(folder, wanted), bytes))
  const kept = overwrite || same ? wanted : freeName(folder, wanted, 1)
  if (!same) await writeDurably(join(folder, kept), bytes)
  return { name: kept, subfolder, type }
}

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const holds = async (file: string, bytes: Uint8Array): Promise<boolean> =>
  digest(await readFile(file)) === digest(bytes)

/** `original_ref` names the picture that the mask was painted on. */
function originalOf(host: Host, form: FormData): string | undefined {
  try {
    const ref = readJson(String(form.get('original_ref')))
    if (!isObject(ref)) return undefined
    const type = String(ref.type ?? 'output')
    if (!isFolderType(type)) return undefined
    const file = inside(host.folders[type], String(ref.subfolder ?? ''), String(ref.filename))
    return file && extname(file) && existsSync(file) ? file : undefined
  } catch {
    return undefined
  }
}

/** The original's colours with the mask's alpha. */
async function withAlphaOf(original: string, mask: Uint8Array): Promise<Uint8Array> {
  const colours = await (await openPicture(original))
    .autoOrient()
    .removeAlpha()
    .toColourspace('srgb')
    .toBuffer({
      resolveWithObject: true,
    })
  const { width, height } = colours.info
  const alpha = await sharp(mask)
    .ensureAlpha()
    .resize(width, height, { fit: 'fill' })
    .extractChannel('alpha')
    .toColourspace('b-w')
    .raw()
    .toBuffer()
  return sharp(colours.data)
    .joinChannel(alpha, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer()
}
