// Pictures by the hash of their bytes: taken in as they are uploaded, registered as runs write them,
// handed out by `/assets/<hash>`.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, existsSync, renameSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { syncFolder } from '../files/durable.ts'
import { inside, slashed } from '../files/paths.ts'
import { extractWorkflow } from '../image/extract-workflow.ts'
import { isBmpFile, openPicture } from '../image/open-picture.ts'
import { whyTooLarge } from '../image/picture-limits.ts'
import type { Asset, AssetFile, AssetFolder } from '../store/assets.ts'
import type { Store } from '../store/store.ts'
import { freeName, safeName } from './file-names.ts'
import type { Folders } from './folders.ts'

export const uploadLimitBytes = 256 * 2 ** 20

/** Something about a file that its owner can mend. */
export class AssetError extends Error {
  override name = 'AssetError'
  readonly status: 400 | 404 | 413 | 415
  constructor(status: 400 | 404 | 413 | 415, message: string) {
    super(message)
    this.status = status
  }
}

/** What `PUT /assets` answers. */
export interface PutAsset extends Asset {
  /** Name in the input folder: the value for LoadImage. */
  name: string
  /** JSON text of the workflow that the picture carries, and of the prompt. */
  workflow?: string
  prompt?: string
}

export interface Assets {
  /** Takes a picture into the input folder; the same bytes keep their first name. @throws AssetError */
  put(name: string, body: ReadableStream<Uint8Array>): Promise<PutAsset>
  /** Makes a file of one of our folders known, hashing it. */
  register(folder: AssetFolder, path: string): Promise<Asset>
  /** A file that holds the asset now, if one is left. */
  locate(hash: string): { asset: Asset; file: string } | undefined
}

export function createAssets(store: Store, folders: Folders): Assets {
  const roots: Record<AssetFolder, string> = {
    input: folders.input,
    output: folders.output,
    temp: folders.temp,
    trash: folders.trash,
  }
  const present = (
    hash: string,
    folder?: AssetFolder,
  ): (AssetFile & { file: string }) | undefined =>
    store.assets
      .files(hash)
      .filter(at => !folder || at.folder === folder)
      .map(at => ({ ...at, file: join(roots[at.folder], at.path) }))
      .find(({ file }) => existsSync(file))

  return {
    async put(name, body) {
      const partial = join(folders.input, `.upload-${randomUUID()}`)
      try {
        const { hash, sizeBytes } = await receive(body, partial)
        const asset = { hash, sizeBytes, ...(await measure(partial, name)) }
        const known = present(hash, 'input')
        const path = known?.path ?? (await keep(partial, name, asset.mime, folders.input))
        store.assets.add(asset, { folder: 'input', path }, Date.now())
        const carried = extractWorkflow(await readFile(join(folders.input, path)))
        return { ...asset, name: path, ...carried }
      } finally {
        await rm(partial, { force: true })
      }
    },
    async register(folder, path) {
      const file = inside(roots[folder], path)
      if (!file || !existsSync(file))
        throw new AssetError(404, `${path} is no longer in the ${folder} folder.`)
      const { hash, sizeBytes } = await hashFile(file)
      const asset = store.assets.find(hash) ?? { hash, sizeBytes, ...(await measure(file, path)) }
      store.assets.add(asset, { folder, path: slashed(relative(roots[folder], file)) }, Date.now())
      return asset
    },
    locate(hash) {
      const asset = store.assets.find(hash)
      const at = asset && present(hash)
      return asset && at ? { asset, file: at.file } : undefined
    },
  }
}

/** Writes the stream to the disk and hashes it on the way. */
async function receive(body: ReadableStream<Uint8Array>, file: string) {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const handle = await open(file, 'wx', 0o644)
  try {
    for await (const part of body) {
      sizeBytes += part.length
      if (sizeBytes > uploadLimitBytes)
        throw new AssetError(413, `The file is larger than ${uploadLimitBytes >> 20} MB.`)
      hash.update(part)
      await handle.writeFile(part)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (sizeBytes === 0) throw new AssetError(400, 'The file is empty.')
  return { hash: hash.digest('hex'), sizeBytes }
}

async function hashFile(file: string) {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const part of createReadStream(file) as AsyncIterable<Buffer>) {
    sizeBytes += part.length
    hash.update(part)
  }
  return { hash: hash.digest('hex'), sizeBytes }
}

const pictureTypes: Record<string, { mime: string; extension: string }> = {
  png: { mime: 'image/png', extension: '.png' },
  jpeg: { mime: 'image/jpeg', extension: '.jpg' },
  webp: { mime: 'image/webp', extension: '.webp' },
  gif: { mime: 'image/gif', extension: '.gif' },
  tiff: { mime: 'image/tiff', extension: '.tiff' },
  heif: { mime: 'image/avif', extension: '.avif' },
  bmp: { mime: 'image/bmp', extension: '.bmp' },
}
const extensionOf = (mime: string): string =>
  Object.values(pictureTypes).find(known => known.mime === mime)?.extension ?? '.png'

/** Kind and size as the header says, turned as EXIF wants it. @throws AssetError */
async function measure(file: string, name: string) {
  const facts = await openPicture(file, { limitInputPixels: false })
    .then(picture => picture.metadata())
    .catch(() => undefined)
  const kind = pictureTypes[(await isBmpFile(file)) ? 'bmp' : (facts?.format ?? '')]
  if (!facts || !kind)
    throw new AssetError(
      415,
      `“${name}” could not be read as a picture. PNG, JPEG, WebP, GIF, TIFF, AVIF and BMP can be used.`,
    )
  const why = whyTooLarge(`“${name}”`, facts)
  if (why) throw new AssetError(413, why)
  const { width, height } = facts.autoOrient ?? facts
  return { mime: kind.mime, width, height }
}

/** Gives the upload its final name; both the bytes and the name are on the disk afterwards. */
async function keep(partial: string, name: string, mime: string, folder: string) {
  await mkdir(folder, { recursive: true })
  // No wait between finding the free name and taking it.
  const path = freeName(folder, safeName(name, extensionOf(mime)))
  renameSync(partial, join(folder, path))
  await syncFolder(folder)
  return path
}

/** Moves a file, also between disks. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const handle = await open(to, 'wx')
    try {
      await handle.writeFile(await readFile(from))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rm(from)
  }
}
