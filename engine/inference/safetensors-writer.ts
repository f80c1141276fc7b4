// Writes .safetensors files tensor by tensor, so that a model of gigabytes never lies in memory.
// https://github.com/huggingface/safetensors#format
import { type FileHandle, open, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sizeOf } from '../tensor.ts'
import { ModelError } from './model-error.ts'
import type { Watch } from './shared-work.ts'
import { type Weight, type WeightType, weightBytes } from './weights.ts'

/** A tensor in the making. */
export interface TensorToWrite {
  name: string
  type: WeightType
  shape: readonly number[]
  /** Its bytes, in as many pieces as suits. */
  bytes(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

export interface FileLayout<T> {
  /** In the order of the file. */
  tensors: readonly (T & { offset: number; length: number })[]
  /** All that comes before the first tensor. */
  start: Buffer
  sizeBytes: number
}

/** What a file begins with: its header behind the header's length, up to a multiple of 8 bytes. */
export function startOf(header: Readonly<Record<string, unknown>>): Buffer {
  const text = Buffer.from(JSON.stringify(header))
  const start = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ')
  start.writeBigUInt64LE(BigInt(start.length - 8))
  text.copy(start, 8)
  return start
}

type Described = Pick<TensorToWrite, 'name' | 'type' | 'shape'>

/** Where everything will lie. Wide types come first, so that each number lies at a multiple of its size. */
export function layoutOf<T extends Described>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>> = {},
): FileLayout<T> {
  const inOrder = [...tensors].sort(
    (a, b) => weightBytes[b.type] - weightBytes[a.type] || (a.name < b.name ? -1 : 1),
  )
  const entries: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) entries.__metadata__ = metadata
  let end = 0
  const lengths = inOrder.map(({ name, type, shape }) => {
    const length = sizeOf(shape) * weightBytes[type]
    entries[name] = { dtype: type, shape, data_offsets: [end, (end += length)] }
    return length
  })
  const start = startOf(entries)
  let offset = start.length
  const placed = inOrder.map((tensor, i) => {
    const length = lengths[i]!
    offset += length
    return { ...tensor, offset: offset - length, length }
  })
  return { tensors: placed, start, sizeBytes: offset }
}

/**
 * Writes a new file and sees to it that it is on the disk. Nothing stays behind if it cannot be ended.
 * @param watch told bytes; its signal is looked at between pieces
 * @throws ModelError if the disk has no room, the signal's reason
 */
export async function writeSafetensors(
  path: string,
  { tensors, start, sizeBytes }: FileLayout<TensorToWrite>,
  { signal, progress }: Watch = {},
): Promise<void> {
  signal?.throwIfAborted()
  await checkRoom(dirname(path), sizeBytes)
  const handle = await open(path, 'wx')
  try {
    try {
      await writeAll(handle, start)
      let written = start.length
      for (const { name, length, bytes } of tensors) {
        const end = written + length
        for await (const piece of bytes()) {
          signal?.throwIfAborted()
          await writeAll(handle, piece)
          written += piece.length
          progress?.(written, sizeBytes)
          // A write alone may be answered before a message from outside is: an interrupt among them.
          await new Promise(setImmediate)
        }
        if (written !== end) throw new RangeError(`"${name}" came with another number of bytes`)
      }
      signal?.throwIfAborted()
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    await rm(path, { force: true })
    throw (error as NodeJS.ErrnoException).code === 'ENOSPC'
      ? diskFull(dirname(path), error)
      : error
  }
}

/** A disk that is nearly full takes a part, and refuses the rest. */
export async function writeAll(handle: FileHandle, values: ArrayBufferView): Promise<void> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten
}

/** What must stay free. */
const spareBytes = 100e6

/** @throws ModelError if `bytes` more would fill the disk. */
export async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes + spareBytes) throw diskFull(folder, undefined, bytes)
}

const diskFull = (folder: string, cause?: unknown, bytes?: number): ModelError => {
  const needed = bytes === undefined ? '' : ` (${(bytes / 1e9).toFixed(1)} GB are needed)`
  return new ModelError(
    `The disk has no room left where ${folder} lies${needed}. Make room there.`,
    {
      cause,
    },
  )
}

const pieceBytes = 16e6

/** The bytes of stored tensors, one after the other. */
export async function* storedBytes(...weights: readonly Weight[]): AsyncIterable<Uint8Array> {
  for (const { file, offset, length } of weights) {
    const handle = await open(file, 'r')
    try {
      for (let at = 0; at < length; ) {
        const wanted = Math.min(pieceBytes, length - at)
        const { bytesRead, buffer } = await handle.read(
          Buffer.allocUnsafe(wanted),
          0,
          wanted,
          offset + at,
        )
        if (bytesRead === 0) throw new ModelError(`${file} was cut short while it was read.`)
        yield buffer.subarray(0, bytesRead)
        at += bytesRead
      }
    } finally {
      await handle.close()
    }
  }
}
