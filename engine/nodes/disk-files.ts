// The folders of pictures on disk. A written file is either whole or not there: temporary name in
// the same folder, fsync, rename, fsync of the folder.
import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { type FolderType, readAnnotated } from '../files/annotated-name.ts'
import { syncFolder } from '../files/durable.ts'
import { inside, isReallyInside, slashed } from '../files/paths.ts'
import { expandPrefix } from './filename-prefix.ts'
import { FileError, type FileReference, type Files } from './files.ts'

export interface FileFolders {
  inputDir: string
  outputDir: string
  tempDir: string
}

/** Room for the counter, the extension and a temporary ending within 255 bytes. */
const maxStemBytes = 200

/** @param clock the time that `%date%` and its like stand for; for tests. */
export function diskFiles(folders: FileFolders, clock: () => Date = () => new Date()): Files {
  const roots: Record<FolderType, string> = {
    input: folders.inputDir,
    output: folders.outputDir,
    temp: folders.tempDir,
  }
  /** Paths handed out and not yet on disk: two writes at once must not get the same counter. */
  const inFlight = new Set<string>()

  return {
    resolve(annotated, fallback = 'input') {
      const { name, type } = readAnnotated(annotated, fallback)
      const root = roots[type]
      const path = within(root, name)
      if (path === undefined)
        throw new FileError(`“${name}” leads out of the ${type} folder. Choose a file inside it.`)
      if (!existsSync(path))
        throw new FileError(`There is no “${name}” in the ${type} folder. Choose another file.`)
      if (!isReallyInside(root, path))
        throw new FileError(`“${name}” is a link out of the ${type} folder. Copy the file there.`)
      return realpathSync(path)
    },

    list(type) {
      try {
        return readdirSync(roots[type], { withFileTypes: true })
          .filter(entry => !entry.isDirectory() && !entry.name.startsWith('.'))
          .map(entry => entry.name)
          .sort()
      } catch {
        return [] // the folder is made on the first write
      }
    },

    write(type, prefix, extension, bytes, size) {
      const durable = type === 'output'
      return place(type, prefix, extension, path => writeWhole(path, bytes, durable), size)
    },

    writeFrom: (type, prefix, extension, make) =>
      place(type, prefix, extension, path => throughTemporary(path, type === 'output', make)),
  }

  async function place(
    type: 'output' | 'temp',
    prefix: string,
    extension: string,
    write: (path: string) => Promise<void>,
    size?: { width: number; height: number },
  ): Promise<FileReference> {
    const stem = cleanStem(expandPrefix(prefix, { now: clock(), size }))
    const target = within(roots[type], stem)
    if (target === undefined || stem.endsWith('..'))
      throw new FileError(`The prefix “${prefix}” leads out of the ${type} folder.`)
    const folder = dirname(target)
    mkdirSync(folder, { recursive: true })
    if (!isReallyInside(roots[type], folder))
      throw new FileError(`The prefix “${prefix}” is a link out of the ${type} folder.`)
    const path = nextFree(folder, basename(target), extension.replace(/^\./, ''), inFlight)
    inFlight.add(path)
    try {
      await write(path)
    } finally {
      inFlight.delete(path)
    }
    return reference(roots[type], path, type)
  }
}

/** A file in the folder, or nothing: the folder itself is none. */
function within(root: string, name: string): string | undefined {
  const path = inside(root, name)
  return path === resolve(root) ? undefined : path
}

/** Takes out what no file system holds, keeps subfolders, and bounds the length of the name. */
function cleanStem(prefix: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  const parts = prefix.split(/[\\/]/).map(part => part.replace(/[\x00-\x1f\x7f<>:"|?*]/g, '_'))
  const last = parts.pop()!
  return [...parts.map(bounded), bounded(last) || 'ComfyUI'].join('/')
}

/** Cut to what a file system takes, between characters. */
function bounded(name: string): string {
  let cut = name
  while (Buffer.byteLength(cut) > maxStemBytes) cut = [...cut].slice(0, -1).join('')
  return cut
}

/** `stem_00001_.ext`, counting on from the highest number that the folder holds. */
function nextFree(
  folder: string,
  stem: string,
  extension: string,
  inFlight: ReadonlySet<string>,
): string {
  let highest = 0
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${stem}_`)) continue
    const [digits = ''] = name.slice(stem.length + 1).split('_')
    if (/^\d{1,15}$/.test(digits)) highest = Math.max(highest, Number(digits))
  }
  for (let counter = highest + 1; ; counter++) {
    const number = String(counter).padStart(5, '0')
    const path = join(folder, `${stem}_${number}_.${extension}`)
    if (!inFlight.has(path)) return path
  }
}

async function writeWhole(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  await throughTemporary(path, durable, async temporary => {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(bytes)
      if (durable) await file.sync()
    } finally {
      await file.close()
    }
  })
}

async function throughTemporary(
  path: string,
  durable: boolean,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.part`)
  try {
    await make(temporary)
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw explain(error, path)
  }
  if (durable) await syncFolder(dirname(path))
}

/** Errors of the disk in words; others say what they have to say themselves. */
function explain(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (typeof code !== 'string') return error
  const why =
    code === 'ENOSPC'
      ? 'the disk is full. Make room and run again'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'the folder may not be written to. Choose another output folder'
        : message
  return new FileError(`${basename(path)} could not be saved: ${why}.`, { cause: error })
}

function reference(root: string, path: string, type: FolderType): FileReference {
  const subfolder = slashed(relative(resolve(root), dirname(path)))
  return { filename: basename(path), subfolder, type }
}
