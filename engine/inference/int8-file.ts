// A model's large weights rounded to 8 bits, in a file beside the app's data: made when the model is
// first used so, mapped from then on. Half the size of fp16. The least used files go first.
import { createHash } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { scaleOf } from './int8.ts'
import { levelMax, roundWeight } from './int8-levels.ts'
import { keepFile, removeUnfinished, touch, trim } from './kept-files.ts'
import { ModelError } from './model-error.ts'
import { openSafetensors } from './safetensors.ts'
import { startOf, writeAll } from './safetensors-writer.ts'
import { type SharedWork, type Watch, watched } from './shared-work.ts'
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

type Named = readonly [name: string, weight: Weight]

/** Files being made, by path: who wants the same one waits for it. */
const making = new Map<string, SharedWork>()

/**
 * The large weights under a prefix: levels [in,out], of a 3×3 kernel [9·in,out], and their scales
 * under `scaleOf` their names. Rounds tensor by tensor with the event loop free in between.
 * @param dir made if missing
 * @param watch told bytes of levels, and how many there will be
 * @throws the signal's reason between tensors, once nobody else waits for the file
 * @throws ModelError if the disk has no room
 */
export async function int8Weights(
  weights: Weights,
  prefix: string,
  dir: string,
  watch: Watch = {},
): Promise<Weights> {
  const source = weights.made?.key ?? fileFacts(weights.file)
  const facts = [source, prefix, levelMax(), 'layout 1'].join(' | ')
  const file = join(dir, createHash('sha256').update(facts).digest('hex').slice(0, 32) + ending)
  const known = made(file)
  if (known) return known
  const large = [...weights.tensors].filter(
    ([name, weight]) => name.startsWith(prefix) && isLarge(name, weight),
  )
  await watched(making, file, watch, async all => {
    mkdirSync(dir, { recursive: true })
    removeUnfinished(dir, making)
    await keepFile(file, path => write(path, large, all)).catch(error => {
      throw explained(error, weights.file, dir)
    })
    trim(dir, ending, file, folderBytesMax)
  })
  return openSafetensors(file)
}

function fileFacts(file: string): string {
  const { size, mtimeMs } = statSync(file)
  return [file, size, mtimeMs].join(' | ')
}

function made(file: string): Weights | undefined {
  try {
    const known = openSafetensors(file)
    touch(file)
    return known
  } catch {
    // Not there, or cut short when the machine went down: made anew.
    return undefined
  }
}

async function write(path: string, tensors: readonly Named[], watch: Required<Watch>) {
  const handle = await open(path, 'w')
  try {
    await writeTensors(handle, tensors, watch)
  } finally {
    await handle.close()
  }
}

async function writeTensors(
  handle: FileHandle,
  tensors: readonly Named[],
  { signal, progress }: Required<Watch>,
): Promise<void> {
  const { start, levelBytes } = header(tensors)
  await writeAll(handle, start)
  const scales: Float32Array[] = []
  let written = 0
  for (const [, weight] of tensors) {
    signal.throwIfAborted()
    const { levels, scale } = roundWeight(readFloats(weight), weight.shape)
    await writeAll(handle, levels)
    written += levels.length
    scales.push(scale)
    progress(written, levelBytes, 'Rounding the model to 8 bits, once')
    // A write alone may be answered before a message from outside is: an interrupt among them.
    await new Promise(setImmediate)
  }
  signal.throwIfAborted()
  await writeAll(handle, new Uint8Array((4 - (written % 4)) % 4))
  for (const scale of scales) await writeAll(handle, scale)
}

/** What a safetensors file begins with: all levels, then all scales. */
function header(tensors: readonly Named[]): { start: Buffer; levelBytes: number } {
  const entries: Record<string, unknown> = {}
  let end = 0
  const entry = (dtype: string, shape: readonly number[], bytes: number) => ({
    dtype,
    shape,
    data_offsets: [end, (end += bytes)],
  })
  for (const [name, { shape }] of tensors) {
    const [outputs, inputs, ...kernel] = shape as [number, number]
    const rows = inputs * kernel.reduce((a, b) => a * b, 1)
    entries[name] = entry('I8', [rows, outputs], rows * outputs)
  }
  const levelBytes = end
  // onnxruntime reads floats where they lie: they begin at a multiple of their size.
  if (end % 4) entries['to a multiple of 4'] = entry('I8', [4 - (end % 4)], 4 - (end % 4))
  for (const [name, { shape }] of tensors)
    entries[scaleOf(name)] = entry('F32', [shape[0]!], 4 * shape[0]!)
  return { start: startOf(entries), levelBytes }
}

/** Errors of the disk in words. */
export function explained(error: unknown, model: string, dir: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return error
  return new ModelError(
    `${basename(model)} could not be rounded to 8 bits: the disk is full. Make room where ${dir} ` +
      'lies, or turn "Faster, less exact" off in the settings.',
    { cause: error },
  )
}
