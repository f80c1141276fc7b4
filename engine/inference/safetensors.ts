// Reads the header of a .safetensors file and checks all of it, so that nothing later can read
// outside the file. https://github.com/huggingface/safetensors#format
import { basename } from 'node:path'
import { sizeOf } from '../tensor.ts'
import { ModelError } from './model-error.ts'
import { quoted, withModelFile } from './model-file.ts'
import { type Weight, type Weights, type WeightType, weightBytes } from './weights.ts'

/**
 * The format allows 100 MB, which as JSON can take a process's whole memory. Ten thousand tensors are
 * one.
 */
const headerBytesMax = 32_000_000
const dimensionsMax = 16
const dimensionMax = 2 ** 40

/** @throws ModelError that names the file, what is wrong with it and what to do. */
export function openSafetensors(path: string): Weights {
  return withModelFile(path, ({ file, sizeBytes, read }) => {
    const start = read(0, 64)
    const headerBytes = start.length < 8 ? 0 : Number(start.readBigUInt64LE(0))
    if (headerBytes < 2 || headerBytes > headerBytesMax) throw notSafetensors(file, start)
    if (8 + headerBytes > sizeBytes) throw truncated(file, 8 + headerBytes, sizeBytes)
    const header = parseHeader(file, read(8, headerBytes).toString('utf8'))
    return { file, ...readEntries(file, header, 8 + headerBytes, sizeBytes) }
  })
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
      throw damaged(file, `tensor ${quoted(name)} overlaps the one before it`)
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
  const wrong = (what: string) => damaged(file, `tensor ${quoted(name)} ${what}`)
  if (typeof dtype !== 'string') throw wrong('has the unknown type none')
  if (!Object.hasOwn(weightBytes, dtype)) throw unknownType(file, name, dtype)
  if (!isCounts(shape) || shape.length > dimensionsMax) throw wrong('has no valid shape')
  if (!isCounts(data_offsets) || data_offsets.length !== 2) throw wrong('has no valid place')
  const [begin, end] = data_offsets as [number, number]
  // Empty tensors may have any dimensions, but none that could not be the size of something.
  if (shape.some(size => size > dimensionMax)) throw wrong('has no valid shape')
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

const unknownType = (file: string, name: string, type: string) =>
  new ModelError(
    `${basename(file)} holds ${quoted(name)} in the unknown type ${quoted(type)}. Use an fp16, bf16, fp32 or ` +
      'fp8 version of the model; if it should be one, the file is damaged.',
  )

const truncated = (file: string, wanted: number, sizeBytes: number) =>
  new ModelError(
    `${basename(file)} is incomplete: it holds ${sizeBytes} bytes, its header speaks of at least ` +
      `${wanted}. The download broke off; download it again.`,
  )

/** What else begins like this, in Latin-1, and what to do then. */
const others: readonly [starts: readonly string[], what: string][] = [
  [['<'], 'It is a web page: the download needed a login or went wrong. Download it again.'],
  [
    ['version https://git-lfs'],
    'It is a Git LFS pointer, not the model itself. Fetch the real file (git lfs pull).',
  ],
  [['PK', '\x80'], 'It looks like a .pt/.ckpt file with the wrong ending. Rename it to .ckpt.'],
  [
    ['\x89PNG', '\xff\xd8\xff', 'GIF8', 'RIFF', 'BM'],
    'It is a picture. Download the model itself.',
  ],
  [['GGUF'], 'It is a GGUF file, which cannot be read. Use a .safetensors version of the model.'],
  [['\x1f\x8b', '7z\xbc\xaf', 'Rar!'], 'It is a packed archive. Unpack it first.'],
  [['{'], 'It is a text file. Download the model itself.'],
]

function notSafetensors(file: string, start: Buffer): ModelError {
  const text = start.toString('latin1')
  const found = others.find(([starts]) =>
    starts.some(sign => text.startsWith(sign) || text.trimStart().startsWith(sign)),
  )
  const other = start.length === 0 ? 'It is empty.' : 'It is damaged or something else.'
  return new ModelError(
    `${basename(file)} is not a safetensors file. ${found ? found[1] : `${other} Download it again.`}`,
  )
}
