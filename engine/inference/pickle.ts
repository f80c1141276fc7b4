// PyTorch's .pth, .pt, .ckpt and .bin files: tensors where they lie, in a zip of stored entries or,
// in old files, one after the other behind the pickle.
import { basename } from 'node:path'
import { sizeOf } from '../tensor.ts'
import { ModelError } from './model-error.ts'
import { quoted, withModelFile } from './model-file.ts'
import { nameOf, type Pickled, PickledTensor, PickleError, unpickle } from './pickle-machine.ts'
import { type Weight, type Weights, weightBytes } from './weights.ts'
import { type StoredEntry, storedEntries } from './zip.ts'

/** Pickles hold names and shapes only: no model comes near this. */
const pickleBytesMax = 64 << 20

/** Where the values of a storage lie in the file. */
type Place = { offset: number; length: number }

interface Archive {
  value: Pickled
  place(key: string): Place | undefined
}

type Read = (offset: number, length: number) => Uint8Array

/** @throws ModelError that names the file and why it is not read. */
export function openPickle(path: string): Weights {
  return withModelFile(path, ({ file, sizeBytes, read }) => {
    try {
      const zipped = new TextDecoder().decode(read(0, 2)) === 'PK'
      const archive = zipped ? openZip(read, sizeBytes) : openLegacy(read, sizeBytes)
      return { file, metadata: notes(archive.value), tensors: collect(file, archive) }
    } catch (error) {
      // Numbers out of all bounds that no check above has found.
      const why = error instanceof RangeError ? 'its numbers make no sense' : undefined
      if (!why && !(error instanceof PickleError)) throw error
      throw new ModelError(
        `${basename(file)} was not opened: ${why ?? (error as Error).message}. Such a file could harm ` +
          'this computer or is damaged. Look for a .safetensors version of the model.',
      )
    }
  })
}

function openZip(read: Read, size: number): Archive {
  const entries = storedEntries(read, size)
  const pickle = [...entries].find(([name]) => name.endsWith('/data.pkl') || name === 'data.pkl')
  if (!pickle) throw new PickleError('it holds no PyTorch data')
  const folder = pickle[0].slice(0, -'data.pkl'.length)
  const order = entries.get(`${folder}byteorder`)
  const orderBytes = order && read(order.offset, Math.min(order.length, 'little '.length))
  if (orderBytes && new TextDecoder().decode(orderBytes) !== 'little')
    throw new PickleError('its numbers are big-endian')
  const { value } = unpickle(readPickle(read, pickle[1]))
  return { value, place: key => entries.get(`${folder}data/${key}`) }
}

function readPickle(read: Read, { offset, length }: StoredEntry): Uint8Array {
  if (length > pickleBytesMax) throw new PickleError('its index is larger than any model needs')
  return read(offset, length)
}

const legacyMagic = 0x1950a86a20f9469cfc6cn

/** Five pickles (magic, version, system, data, order of storages), then count and values of each. */
function openLegacy(read: Read, size: number): Archive {
  const bytes = read(0, pickleBytesMax)
  const values: Pickled[] = []
  let end = 0
  for (let i = 0; i < 5; i++) {
    const part = unpickle(bytes, end)
    values.push(part.value)
    end = part.end
    if (i === 0 && part.value !== legacyMagic) throw new PickleError('it is not a PyTorch file')
  }
  const keys = values[4]
  if (!Array.isArray(keys)) throw new PickleError('it does not say where its tensors lie')
  const bytesPerValue = storageWidths(values[3]!)
  const places = new Map<string, Place>()
  for (const key of keys.map(nameOf)) {
    const count = read(end, 8)
    if (count.length < 8) throw new PickleError('it ends too early')
    const values = Number(new DataView(count.buffer, count.byteOffset).getBigUint64(0, true))
    const length = values * (bytesPerValue.get(key) ?? 0)
    places.set(key, { offset: end + 8, length })
    end += 8 + length
    if (end > size) throw new PickleError('it ends too early')
  }
  return { value: values[3]!, place: key => places.get(key) }
}

function storageWidths(value: Pickled): Map<string, number> {
  const widths = new Map<string, number>()
  for (const [, { storage }] of walkAll(value)) widths.set(storage.key, weightBytes[storage.type])
  return widths
}

function collect(file: string, { value, place }: Archive): Map<string, Weight> {
  const tensors = new Map<string, Weight>()
  for (const [name, tensor] of walkAll(unwrap(value))) {
    const { type, key } = tensor.storage
    const storage = place(key)
    const offset = tensor.offset * weightBytes[type]
    const length = sizeOf(tensor.shape) * weightBytes[type]
    if (!Number.isSafeInteger(length) || !Number.isSafeInteger(offset))
      throw new PickleError(`the shape of ${quoted(name)} makes no sense`)
    if (!storage || offset + length > storage.length)
      throw new PickleError(`the values of ${quoted(name)} are missing`)
    if (!isContiguous(tensor)) throw new PickleError(`${quoted(name)} is stored transposed`)
    tensors.set(name, { type, shape: tensor.shape, file, offset: storage.offset + offset, length })
  }
  if (tensors.size === 0) throw new PickleError('it holds no tensors')
  return tensors
}

const wrappers = ['params_ema', 'params', 'state_dict', 'model_state_dict']

/** Training scripts put the weights one level down, beside their own notes or alone under any name. */
function unwrap(value: Pickled, depth = 0): Pickled {
  if (!(value instanceof Map) || depth > depthMax) return value
  const only = value.size === 1 ? [...value.values()] : []
  const inner = [...wrappers.map(name => value.get(name)), ...only].find(
    found => found instanceof Map,
  )
  return inner ? unwrap(inner, depth + 1) : value
}

/** What a hypernetwork, which has pairs of networks by number, says of itself beside them. */
function notes(value: Pickled): Record<string, string> {
  if (!(value instanceof Map) || ![...value].some(isPair)) return {}
  return Object.fromEntries(
    [...value].flatMap(([key, said]) =>
      typeof key === 'string' && (said === null || typeof said !== 'object')
        ? [[key, String(said)] as const]
        : [],
    ),
  )
}

const isPair = ([key, value]: readonly [Pickled, Pickled]): boolean =>
  typeof key === 'number' && Array.isArray(value) && value.length === 2

const depthMax = 8
/** A dictionary may hold itself, or another a thousand times over. */
const visitsMax = 1_000_000

const walkAll = (value: Pickled) => walk(value, '', { left: visitsMax })

/** Every tensor with its name, nested names joined by dots. */
function* walk(
  value: Pickled,
  name: string,
  visits: { left: number },
  depth = 0,
): Generator<[string, PickledTensor]> {
  if (visits.left-- <= 0) throw new PickleError('it holds more than any model needs')
  if (value instanceof PickledTensor) yield [name || 'tensor', value]
  else if (value instanceof Map && depth < depthMax)
    for (const [key, inner] of value)
      if (typeof key === 'string' || typeof key === 'number')
        yield* walk(named(key, inner), name ? `${name}.${key}` : String(key), visits, depth + 1)
}

/** A pair by number as names 0 and 1. Other lists are notes of a training script. */
const named = (key: Pickled, value: Pickled): Pickled =>
  isPair([key, value]) ? new Map((value as Pickled[]).entries()) : value

function isContiguous({ shape, strides }: PickledTensor): boolean {
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i]! > 1 && strides[i] !== step) return false
    step *= shape[i]!
  }
  return true
}
