// Reads a pickle as data. The machine knows plain containers, numbers, text and PyTorch's tensors;
// whatever else a pickle asks for would be a call into Python, and is refused by name. Nothing is
// ever executed. Opcodes: https://docs.python.org/3/library/pickletools.html
import { quoted } from './model-file.ts'
import type { WeightType } from './weights.ts'

/** Why a pickle is not read, in words. */
export class PickleError extends Error {
  override name = 'PickleError'
}

export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Pickled[]
  | Map<Pickled, Pickled>
  | PickledStorage
  | PickledTensor
  | Global

export class PickledStorage {
  readonly type: WeightType
  readonly key: string
  constructor(type: WeightType, key: string) {
    this.type = type
    this.key = key
  }
}

export class PickledTensor {
  readonly storage: PickledStorage
  /** In values, not bytes. */
  readonly offset: number
  readonly shape: number[]
  readonly strides: number[]
  constructor(storage: PickledStorage, offset: number, shape: number[], strides: number[]) {
    this.storage = storage
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }
}

/** PyTorch's `ParameterDict`, in which the first textual inversions were kept. */
class ParameterDict extends Map<Pickled, Pickled> {}

class Global {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

const storageTypes: Record<string, WeightType> = {
  'torch FloatStorage': 'F32',
  'torch HalfStorage': 'F16',
  'torch BFloat16Storage': 'BF16',
  'torch DoubleStorage': 'F64',
  'torch LongStorage': 'I64',
  'torch IntStorage': 'I32',
  'torch ShortStorage': 'I16',
  'torch CharStorage': 'I8',
  'torch ByteStorage': 'U8',
  'torch BoolStorage': 'BOOL',
}

/** What a pickle may call, and what it then gets. */
const callables: Record<string, (args: Pickled[]) => Pickled> = {
  'collections OrderedDict': () => new Map(),
  'torch Size': ([sizes]) => sizes ?? [],
  'torch.nn.modules.container ParameterDict': () => new ParameterDict(),
  // Beside the parameters, always empty.
  '__builtin__ set': () => [],
  'builtins set': () => [],
  // What the first checkpoints of Stable Diffusion hold beside their weights: losses and file names.
  'pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint': () => null,
  'numpy dtype': () => null,
  'numpy.core.multiarray scalar': () => null,
  'numpy._core.multiarray scalar': () => null,
  '_codecs encode': () => null,
  'torch._utils _rebuild_parameter': ([data]) => data ?? null,
  'torch._utils _rebuild_tensor_v2': ([storage, offset, shape, strides]) => {
    if (!(storage instanceof PickledStorage) || !isInt(offset)) throw damaged('a tensor')
    return new PickledTensor(storage, offset, ints(shape), ints(strides))
  },
}

const stepsMax = 5_000_000
/** Lists, dictionaries and what is in them: each takes memory, though it is a byte or two in the file. */
const containersMax = 500_000
/** What waits to be put somewhere, and what is remembered. */
const stackMax = 1_000_000
const dimensionsMax = 16
const mark = Symbol('mark')
type Slot = Pickled | typeof mark

/** Unpickles from `start` to the first STOP. @throws PickleError */
export function unpickle(bytes: Uint8Array, start = 0): { value: Pickled; end: number } {
  const machine = new Machine(bytes, start)
  return { value: machine.run(), end: machine.position }
}

class Machine {
  position: number
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly stack: Slot[] = []
  private readonly memo = new Map<number, Pickled>()
  private containers = 0

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = start
  }

  run(): Pickled {
    for (let step = 0; step < stepsMax; step++) {
      const code = String.fromCharCode(this.take(1)[0]!)
      if (code === '.') return this.pop()
      this.step(code)
    }
    throw tooMuch()
  }

  private step(code: string): void {
    if (this.literal(code) || this.container(code) || this.remembered(code)) return
    switch (code) {
      case '\x80': // PROTO
        this.take(1)
        return
      case '\x95': // FRAME
        this.take(8)
        return
      case 'c': // GLOBAL
        this.push(this.global(this.line(), this.line()))
        return
      case '\x93': {
        // STACK_GLOBAL
        const name = this.pop()
        this.push(this.global(nameOf(this.pop()), nameOf(name)))
        return
      }
      case 'Q': // BINPERSID
        this.push(persistent(this.pop()))
        return
      case 'R': // REDUCE
      case '\x81': {
        // NEWOBJ
        const args = this.pop()
        this.count()
        this.push(call(this.pop(), args))
        return
      }
      case 'b': // BUILD
        this.build(this.pop())
        return
      default:
        throw new PickleError(`it uses the instruction 0x${code.charCodeAt(0).toString(16)}`)
    }
  }

  private literal(code: string): boolean {
    const value = this.readLiteral(code)
    if (value !== undefined) this.push(value)
    return value !== undefined
  }

  private readLiteral(code: string): Pickled | undefined {
    switch (code) {
      case 'N':
        return null
      case '\x88':
        return true
      case '\x89':
        return false
      case 'K':
        return this.take(1)[0]!
      case 'M':
        return this.view.getUint16(this.skip(2), true)
      case 'J':
        return this.view.getInt32(this.skip(4), true)
      case 'G':
        return this.view.getFloat64(this.skip(8))
      case '\x8a': // LONG1
        return long(this.take(this.take(1)[0]!))
      case 'X': // BINUNICODE
        return text(this.take(this.view.getUint32(this.skip(4), true)))
      case '\x8c': // SHORT_BINUNICODE
      case 'U': // SHORT_BINSTRING
        return text(this.take(this.take(1)[0]!))
      case 'T': // BINSTRING
        return text(this.take(this.view.getUint32(this.skip(4), true)))
      case 'C': // SHORT_BINBYTES
        return this.take(this.take(1)[0]!)
      case 'B': // BINBYTES
        return this.take(this.view.getUint32(this.skip(4), true))
      default:
        return undefined
    }
  }

  private container(code: string): boolean {
    switch (code) {
      case '(':
        if (this.stack.length >= stackMax) throw tooMuch()
        this.stack.push(mark)
        return true
      case ')':
      case ']':
        this.count()
        this.push([])
        return true
      case '}':
        this.count()
        this.push(new Map())
        return true
      case 't':
      case 'l':
        this.count()
        this.push(this.popToMark())
        return true
      case '\x85':
      case '\x86':
      case '\x87':
        this.count()
        this.push(this.popMany(code.charCodeAt(0) - 0x84))
        return true
      case 'a':
        this.append([this.pop()])
        return true
      case 'e':
        this.append(this.popToMark())
        return true
      case 's':
        this.assign(this.popMany(2))
        return true
      case 'u':
        this.assign(this.popToMark())
        return true
      case '0':
        this.pop()
        return true
      default:
        return false
    }
  }

  private remembered(code: string): boolean {
    switch (code) {
      case 'q':
        this.remember(this.take(1)[0]!)
        return true
      case 'r':
        this.remember(this.view.getUint32(this.skip(4), true))
        return true
      case '\x94':
        this.remember(this.memo.size)
        return true
      case 'h':
        this.recall(this.take(1)[0]!)
        return true
      case 'j':
        this.recall(this.view.getUint32(this.skip(4), true))
        return true
      default:
        return false
    }
  }

  private remember(index: number): void {
    if (this.memo.size >= stackMax) throw tooMuch()
    this.memo.set(index, this.top())
  }

  private recall(index: number): void {
    const value = this.memo.get(index)
    if (value === undefined) throw damaged('its memo')
    this.push(value)
  }

  private global(module: string, name: string): Global {
    const full = `${module} ${name}`
    if (Object.hasOwn(storageTypes, full) || Object.hasOwn(callables, full)) return new Global(full)
    throw new PickleError(`it wants to run Python code, ${quoted(`${module}.${name}`)}`)
  }

  /** Attributes of a container: weights lie in those of a `ParameterDict` only. */
  private build(attributes: Pickled): void {
    const holder = this.top()
    const own = attributes instanceof Map ? attributes.get('_parameters') : undefined
    if (!(holder instanceof ParameterDict) || !(own instanceof Map)) return
    for (const [name, value] of own) {
      this.count()
      holder.set(name, value)
    }
  }

  private append(items: Pickled[]): void {
    const list = this.top()
    if (!Array.isArray(list)) throw damaged('a list')
    for (const item of items) list.push(item)
  }

  private assign(pairs: Pickled[]): void {
    const map = this.top()
    if (!(map instanceof Map)) throw damaged('a dictionary')
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      this.count()
      map.set(pairs[i]!, pairs[i + 1]!)
    }
  }

  private push(value: Pickled): void {
    if (this.stack.length >= stackMax) throw tooMuch()
    this.stack.push(value)
  }

  private count(): void {
    if (++this.containers > containersMax) throw tooMuch()
  }

  private pop(): Pickled {
    const value = this.stack.pop()
    if (value === undefined || value === mark) throw damaged('its stack')
    return value
  }

  private popMany(count: number): Pickled[] {
    return Array.from({ length: count }, () => this.pop()).reverse()
  }

  private popToMark(): Pickled[] {
    const at = this.stack.lastIndexOf(mark)
    if (at < 0) throw damaged('its stack')
    return this.stack.splice(at).slice(1) as Pickled[]
  }

  private top(): Pickled {
    const value = this.stack.at(-1)
    if (value === undefined || value === mark) throw damaged('its stack')
    return value
  }

  /** Moves on by `count` bytes and says where they began. */
  private skip(count: number): number {
    const at = this.position
    if (at + count > this.bytes.length) throw new PickleError('it ends too early')
    this.position += count
    return at
  }

  private take(count: number): Uint8Array {
    const at = this.skip(count)
    return this.bytes.subarray(at, at + count)
  }

  private line(): string {
    const end = this.bytes.indexOf(10, this.position)
    if (end < 0) throw new PickleError('it ends too early')
    const line = text(this.take(end - this.position))
    this.skip(1)
    return line
  }
}

function persistent(id: Pickled): PickledStorage | Global {
  // A class with its source text, in old files.
  if (Array.isArray(id) && id[0] === 'module' && id[1] instanceof Global) return id[1]
  if (!Array.isArray(id) || id[0] !== 'storage' || !(id[1] instanceof Global))
    throw damaged('a tensor')
  const type = storageTypes[id[1].name]
  if (!type) throw damaged('a tensor')
  return new PickledStorage(type, nameOf(id[2]))
}

function call(callee: Pickled, args: Pickled): Pickled {
  const callable = callee instanceof Global ? callables[callee.name] : undefined
  if (!callable || !Array.isArray(args)) throw damaged('a call')
  return callable(args)
}

const tooMuch = () => new PickleError('it holds more than any model needs')
const damaged = (what: string) => new PickleError(`${what} in it makes no sense`)
/** What a pickle says where a name belongs. Lists in lists could become endless text. */
export function nameOf(value: Pickled | undefined): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw damaged('a name')
  return String(value)
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const isInt = (value: Pickled | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

function ints(value: Pickled | undefined): number[] {
  if (!Array.isArray(value) || value.length > dimensionsMax || !value.every(isInt))
    throw damaged('a tensor')
  return value
}

/** Two's complement, little-endian. */
function long(bytes: Uint8Array): number | bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  const signed = BigInt.asIntN(bytes.length * 8, value)
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed
}
