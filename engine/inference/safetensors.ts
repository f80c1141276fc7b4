// Reads the header of a .safetensors file and checks all of it, so that nothing later can read
// outside the file. https://github.com/huggingface/safetensors#format
import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { ModelError } from '../nodes/models.ts'
import { sizeOf } from '../tensor.ts'
import { type Weight, type Weights, type WeightType, weightBytes } from './weights.ts'

/** The format's own bound. */
const headerBytesMax = 100_000_000
const dimensionsMax = 16

/** @throws ModelError that names the file, what is wrong with it and what to do. */
export function openSafetensors(path: string): Weights {
  const file = realpathSync(path)
  const handle = openSync(file, 'r')
  try {
    const sizeBytes = fstatSync(handle).size
    const read = (length: number, position: number): Buffer => {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, readSync(handle, bytes, 0, length, position))
    }
    const start = read(64, 0)
    const headerBytes = start.length < 8 ? 0 : Number(start.readBigUInt64LE(0))
    if (headerBytes < 2 || headerBytes > headerBytesMax) throw notSafetensors(file, start)
    if (8 + headerBytes > sizeBytes) throw truncated(file, 8 + headerBytes, sizeBytes)
    const header = parseHeader(file, read(headerBytes, 8).toString('utf8'))
    return { file, ...readEntries(file, header, 8 + headerBytes, sizeBytes) }
  } finally {
    closeSync(handle)
  }
}

function parseHeader(file: string, text: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(text)
    if (header && typeof header === 'object' && !Array.isArray(header))
      return header as Record<string, unknown>
  } catch {
    // Said below, in words that help.
  }
  throw damaged(file, 'its header is not valid JSON')
}

function readEntries(
  file: string,
  header: Record<string, unknown>,
  base: number,
  sizeBytes: number,
): Pick<Weights, 'tensors' | 'metadata'> {
  const tensors = new Map<string, Weight>()
  const metadata: Record<string, string> = {}
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, readEntry(file, name, entry, base, sizeBytes))
    else
      for (const [key, value] of Object.entries(entry ?? {}))
        if (typeof value === 'string') metadata[key] = value
  }
  const inOrder = [...tensors].sort(([, a], [, b]) => a.offset - b.offset)
  inOrder.reduce((end, [name, tensor]) => {
    if (tensor.length > 0 && tensor.offset < end)
      throw damaged(file, `tensor "${name}" overlaps the one before it`)
    return Math.max(end, tensor.offset + tensor.length)
  }, base)
  return { tensors, metadata }
}

function readEntry(
  file: string,
  name: string,
  entry: unknown,
  base: number,
  sizeBytes: number,
): Weight {
  const { dtype, shape, data_offsets } = (entry ?? {}) as Record<string, unknown>
  const wrong = (what: string) => damaged(file, `tensor "${name}" ${what}`)
  if (typeof dtype !== 'string' || !Object.hasOwn(weightBytes, dtype))
    throw wrong(`has the unknown type ${JSON.stringify(dtype)}`)
  if (!isCounts(shape) || shape.length > dimensionsMax) throw wrong('has no valid shape')
  if (!isCounts(data_offsets) || data_offsets.length !== 2) throw wrong('has no valid place')
  const [begin, end] = data_offsets as [number, number]
  const type = dtype as WeightType
  if (end - begin !== sizeOf(shape) * weightBytes[type])
    throw wrong(`takes ${end - begin} bytes, which do not fill [${shape.join(', ')}] of ${type}`)
  if (base + end > sizeBytes) throw truncated(file, base + end, sizeBytes)
  return { type, shape, file, offset: base + begin, length: end - begin }
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every(v => Number.isSafeInteger(v) && v >= 0)

const damaged = (file: string, what: string) =>
  new ModelError(
    `${basename(file)} is damaged: ${what}. Download it again, or restore it from a backup.`,
  )

const truncated = (file: string, wanted: number, sizeBytes: number) =>
  new ModelError(
    `${basename(file)} is incomplete: it holds ${sizeBytes} bytes, its header speaks of at least ` +
      `${wanted}. The download broke off; download it again.`,
  )

function notSafetensors(file: string, start: Buffer): ModelError {
  const text = start.toString('latin1').trimStart()
  const looksLike = text.startsWith('<')
    ? 'It is a web page: the download needed a login or went wrong. Download it again.'
    : text.startsWith('version https://git-lfs')
      ? 'It is a Git LFS pointer, not the model itself. Fetch the real file (git lfs pull).'
      : text.startsWith('PK') || start[0] === 0x80
        ? 'It looks like a .pt/.ckpt file with the wrong ending. Rename it to .ckpt.'
        : 'Download it again.'
  return new ModelError(`${basename(file)} is not a safetensors file. ${looksLike}`)
}
