// A model's file opened for reading, and in words why that did not work: nobody can do anything about
// "EISDIR: illegal operation on a directory".
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { ModelError } from './model-error.ts'

export interface ModelFile {
  /** Real path. */
  file: string
  sizeBytes: number
  /** Up to `length` bytes; fewer where the file ends. */
  read(offset: number, length: number): Buffer
}

const causes: Record<string, string> = {
  ENOENT: 'is gone: it was moved or deleted. Put it back, or choose another model.',
  EACCES: 'may not be read. Give yourself the right to read it (its permissions say no).',
  EPERM: 'may not be read. Give yourself the right to read it (its permissions say no).',
  ELOOP: 'is a link that leads back to itself. Replace it by the file itself.',
  ENOTDIR: 'is gone: a folder on the way to it is none. Choose another model.',
  EISDIR: 'is a folder, not a file. Choose a file in it.',
  EIO: 'could not be read: the disk reports an error. Copy the file anew, or check the disk.',
  EMFILE: 'could not be opened: too many files are open. Close other programs and run again.',
}

/** @throws ModelError that names the file, besides what `work` throws */
export function withModelFile<T>(path: string, work: (file: ModelFile) => T): T {
  let handle: number | undefined
  try {
    const file = realpathSync(path)
    // A pipe would wait for somebody to write into it.
    handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const stat = fstatSync(handle)
    if (stat.isDirectory()) throw new ModelError(`${basename(file)} ${causes.EISDIR}`)
    if (!stat.isFile()) throw new ModelError(`${basename(file)} is a device or a pipe, not a file.`)
    return work({ file, sizeBytes: stat.size, read: reader(handle, stat.size) })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const said = typeof code === 'string' ? causes[code] : undefined
    throw said ? new ModelError(`${basename(path)} ${said}`, { cause: error }) : error
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}

const reader =
  (handle: number, sizeBytes: number): ModelFile['read'] =>
  (offset, length) => {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, sizeBytes - offset)))
    return bytes.subarray(0, readSync(handle, bytes, 0, bytes.length, offset))
  }

const nameLengthMax = 80

/** A name out of a file, as a message may say it: short, on one line. */
export const quoted = (name: string): string =>
  `"${[...name.slice(0, nameLengthMax)].map(visible).join('')}${name.length > nameLengthMax ? '…' : ''}"`

const visible = (letter: string): string =>
  letter < ' ' || letter === '\u007f' ? '\ufffd' : letter
