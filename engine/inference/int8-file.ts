// A model's large weights rounded to 8 bits, in a file beside the app's data: made when the model is
// first used so, mapped from then on. Half the size of fp16. The least used files go first.
import { createHash } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { scaleOf } from './int8.ts'
import { openSafetensors } from './safetensors.ts'
import { readFloats, type Weight, type Weights } from './weights.ts'

/** All files together; the one in use may take more. */
const folderBytesMax = 16e9
const ending = '.int8.safetensors'

/** Layers of fewer channels cost little and are the ones that see the picture itself. */
const channelsMin = 64
/** What turns the step's number into numbers is small, and every layer depends on it. */
const exactOnes = /\.(time_embed|label_emb|emb_layers)\./

const isLarge = (name: string, { shape: [outputs, inputs, ...kernel] }: Weight): boolean =>
  name.endsWith('.weight') &&
  Math.min(outputs!, inputs ?? 0) >= channelsMin &&
  ['', '1,1', '3,3'].includes(kernel.join()) &&
  !exactOnes.test(name)

/**
 * The large weights under a prefix: levels [in,out], of a 3×3 kernel [9·in,out], and their scales
 * under `scaleOf` their names.
 * @param dir made if missing
 */
export function int8Weights(weights: Weights, prefix: string, dir: string): Weights {
  const { size, mtimeMs } = statSync(weights.file)
  const facts = [weights.file, size, mtimeMs, prefix, levelMax(), 'layout 1'].join(' | ')
  const file = join(dir, createHash('sha256').update(facts).digest('hex').slice(0, 32) + ending)
  try {
    const known = openSafetensors(file)
    const now = new Date()
    utimesSync(file, now, now)
    return known
  } catch {
    // Not there, or cut short when the machine went down: made anew.
  }
  mkdirSync(dir, { recursive: true })
  const large = [...weights.tensors].filter(
    ([name, weight]) => name.startsWith(prefix) && isLarge(name, weight),
  )
  write(file, large)
  trim(dir, file)
  return openSafetensors(file)
}

function write(file: string, tensors: readonly (readonly [string, Weight])[]): void {
  const header: Record<string, unknown> = {}
  let end = 0
  const entry = (dtype: string, shape: readonly number[], bytes: number) => ({
    dtype,
    shape,
    data_offsets: [end, (end += bytes)],
  })
  for (const [name, { shape }] of tensors) {
    const [outputs, inputs, ...kernel] = shape as [number, number]
    const rows = inputs * kernel.reduce((a, b) => a * b, 1)
    header[name] = entry('I8', [rows, outputs], rows * outputs)
  }
  // onnxruntime reads floats where they lie: they begin at a multiple of their size.
  if (end % 4) header['to a multiple of 4'] = entry('I8', [4 - (end % 4)], 4 - (end % 4))
  for (const [name, { shape }] of tensors)
    header[scaleOf(name)] = entry('F32', [shape[0]!], 4 * shape[0]!)
  const json = Buffer.from(JSON.stringify(header))
  const start = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ')
  start.writeBigUInt64LE(BigInt(start.length - 8))
  json.copy(start, 8)

  const unfinished = `${file}.${process.pid}.part`
  const handle = openSync(unfinished, 'w')
  try {
    writeSync(handle, start)
    const scales: Float32Array[] = []
    let written = 0
    for (const [, weight] of tensors) {
      const { levels, scale } = roundWeight(readFloats(weight), weight.shape)
      for (let at = 0; at < levels.length; ) at += writeSync(handle, levels, at)
      written += levels.length
      scales.push(scale)
    }
    writeSync(handle, new Uint8Array((4 - (written % 4)) % 4))
    for (const scale of scales) writeSync(handle, scale)
  } catch (error) {
    closeSync(handle)
    rmSync(unfinished, { force: true })
    throw error
  }
  closeSync(handle)
  renameSync(unfinished, file)
}

/** [out,in] or [out,in,kh,kw] → levels [kh·kw·in,out], taps before channels, and scale [out]. */
export function roundWeight(values: Float32Array, shape: readonly number[]) {
  const [outputs, inputs, ...kernel] = shape as [number, number]
  const taps = kernel.reduce((a, b) => a * b, 1)
  const row = inputs * taps
  const most = levelMax()
  const levels = new Int8Array(values.length)
  const scale = new Float32Array(outputs)
  for (let output = 0; output < outputs; output++) {
    let largest = 0
    const from = output * row
    for (let i = from; i < from + row; i++) {
      const size = Math.abs(values[i]!)
      if (size > largest) largest = size
    }
    scale[output] = largest / most || 1
  }
  // Some outputs at a time, so that what is written next lies near what was written last.
  for (let first = 0; first < outputs; first += outputsAtOnce) {
    const end = Math.min(outputs, first + outputsAtOnce)
    for (let input = 0; input < inputs; input++)
      for (let tap = 0; tap < taps; tap++) {
        const from = input * taps + tap
        const to = (tap * inputs + input) * outputs
        for (let output = first; output < end; output++)
          levels[to + output] = Math.round(values[output * row + from]! / scale[output]!)
      }
  }
  return { levels, scale }
}

const outputsAtOnce = 64

let most: number | undefined

/**
 * AVX2 adds pairs of products in 16 bits, which full levels overflow: one bit less there. Processors
 * with VNNI or AMX, and ARM, add in 32.
 */
function levelMax(): number {
  return (most ??=
    process.arch === 'arm64' || /\bavx(512)?_vnni\b/.test(processorFlags()) ? 127 : 63)
}

function processorFlags(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}

/** Lets go of the files that were not used for longest. */
function trim(dir: string, keep: string): void {
  const files = readdirSync(dir)
    .map(name => join(dir, name))
    .filter(file => file.endsWith(ending))
    .map(file => ({ file, ...statSync(file) }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
  let bytes = 0
  for (const { file, size } of files) {
    bytes += size
    // One that another process has mapped cannot be removed on Windows: the next trim does it.
    if (bytes > folderBytesMax && file !== keep) rmSync(file, { force: true, maxRetries: 1 })
  }
}
