// Small versions of assets, made once and kept on disk under a bound.
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { thumbnail } from '../image/thumbnail.ts'

/** Widths that are made; a wish is rounded up, so that nobody can fill the disk with sizes. */
const widths = [128, 256, 512, 1024]
const keptLimit = 20_000
/** The folder is looked over once in so many new files. */
const trimEvery = 500

export interface Thumbnails {
  /** WebP bytes of at least this width, or of the largest that is made. */
  get(hash: string, file: string, width: number): Promise<Uint8Array<ArrayBuffer>>
}

export function createThumbnails(folder: string): Thumbnails {
  const making = new Map<string, Promise<Uint8Array<ArrayBuffer>>>()
  let made = 0

  async function make(kept: string, file: string, size: number) {
    const bytes = Buffer.from((await thumbnail(file, size)).bytes)
    const partial = `${kept}.${process.pid}.part`
    await writeFile(partial, bytes)
    await rename(partial, kept)
    if (++made % trimEvery === 0) await trim(folder)
    return bytes
  }
  return {
    async get(hash, file, width) {
      const size = widths.find(size => size >= width) ?? widths.at(-1)!
      const kept = join(folder, `${hash}-${size}.webp`)
      if (existsSync(kept)) return readFile(kept)
      const present = making.get(kept)
      if (present) return present
      const made = make(kept, file, size).finally(() => making.delete(kept))
      making.set(kept, made)
      return made
    },
  }
}

/** Lets the oldest go. */
async function trim(folder: string): Promise<void> {
  const names = await readdir(folder)
  if (names.length <= keptLimit) return
  const aged = await Promise.all(
    names.map(async name => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
  )
  aged.sort((a, b) => a.time - b.time)
  for (const { name } of aged.slice(0, names.length - keptLimit))
    await rm(join(folder, name), { force: true })
}
