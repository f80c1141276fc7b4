// Weights that are computed from those of two networks, tensor by tensor. What they will be and where
// they will lie is known at once; the numbers are computed when a network first runs with them, into a
// file beside the app's data that is mapped like any other. Saving them needs no such file.
import { createHash } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { keepFile, removeUnfinished, touch, trim } from '../inference/kept-files.ts'
import { ModelError } from '../inference/model-error.ts'
import { isFloat8, isFloating, narrowed } from '../inference/narrow.ts'
import { layoutOf, writeSafetensors } from '../inference/safetensors-writer.ts'
import { type SharedWork, watched } from '../inference/shared-work.ts'
import { isBesideWeights, scalesBeside } from '../inference/weight-scales.ts'
import type { Weight, Weights, WeightType } from '../inference/weights.ts'
import { sizeOf } from '../tensor.ts'
import { LaidWeights } from './laid-weights.ts'
import type { NetworkBase } from './network-base.ts'

/** A network's tensors in its file: those whose names begin so. */
export interface NetworkPart {
  base: NetworkBase
  prefix: string
}

/** What each of the two counts, by the tensor's name without prefix. */
export type Shares = (name: string) => readonly [first: number, second: number]

export interface MergeOptions {
  /** Where the numbers are kept; made if missing. */
  dir: string
  /** Computed tensors are in float32 as long as they take no more; beyond, as in the first file. */
  float32BytesMax: number
  /** Tensors that stay as the first has them. */
  keeps?(name: string): boolean
}

export interface Merged {
  weights: Weights
  /** Tensors of the first that the second had nothing for, without prefix. */
  unmatched: readonly string[]
}

/** All files together; the one in use may take more. */
const folderBytesMax = 16e9
const ending = '.merged.safetensors'

/** Files being made, by path: who wants the same one waits for it. */
const making = new Map<string, SharedWork>()

interface ToCompute {
  name: string
  weight: Weight
  /** In the first one's file. */
  type: WeightType
  values(): Promise<Float32Array>
}

/**
 * first · share + second · share for each tensor of the first; what the second lacks stays.
 * @throws ModelError that names both files and the first tensor that does not fit
 */
export function mergedWeights(
  first: NetworkPart,
  second: NetworkPart,
  shares: Shares,
  options: MergeOptions,
): Merged {
  const { weights } = first.base
  const [one, other] = [new LaidWeights(first.base), new LaidWeights(second.base)]
  const pairs = paired(first, second)
  const tensors = new Map(weights.tensors)
  const toCompute: ToCompute[] = []
  const said: string[] = []
  for (const { name, inner, weight, theirs } of pairs) {
    const takesPart = theirs !== undefined && !options.keeps?.(inner)
    const [mine, its] = takesPart ? shares(inner) : [1, 0]
    said.push(`${inner} ${mine} ${its}`)
    const terms: Term[] = [{ share: mine, of: one, name }]
    if (takesPart) terms.push({ share: its, of: other, name: theirs })
    const counting = terms.filter(({ share }) => share !== 0)
    const [only] = counting
    const stored = counting.length === 1 && only!.share === 1 ? inPlace(only!, one) : undefined
    if (stored) {
      if (only!.of !== one) for (const scale of scalesBeside(name)) tensors.delete(scale)
      tensors.set(name, { ...stored, shape: weight.shape })
    } else {
      const values = () => blended(counting, sizeOf(weight.shape))
      toCompute.push({ name, weight, type: one.type(name), values })
    }
  }
  const key = keyOf([first, second], said)
  const unmatched = pairs.filter(pair => pair.theirs === undefined).map(({ inner }) => inner)
  return { weights: planned(weights, tensors, toCompute, { ...options, key, second }), unmatched }
}

/** A tensor of the first network and the one of the second that has its place, if there is one. */
interface Pair {
  name: string
  /** Without prefix. */
  inner: string
  weight: Weight
  theirs?: string
}

/** Of the tensors that hold floating point numbers. @throws ModelError as `mergedWeights` */
function paired(first: NetworkPart, second: NetworkPart): Pair[] {
  const pairs: Pair[] = []
  for (const [name, weight] of first.base.weights.tensors) {
    if (!name.startsWith(first.prefix) || !isFloating(weight.type) || isBesideWeights(name))
      continue
    const inner = name.slice(first.prefix.length)
    const match = second.base.weights.tensors.get(second.prefix + inner)
    const fits = match && fitting(first, second, inner, weight, match)
    pairs.push({ name, inner, weight, theirs: fits ? second.prefix + inner : undefined })
  }
  const unmatched = pairs.filter(({ theirs }) => theirs === undefined)
  if (2 * unmatched.length > pairs.length) throw strangers(first, second, unmatched[0]!.inner)
  return pairs
}

interface Term {
  share: number
  of: LaidWeights
  name: string
}

/**
 * Where a tensor lies that is taken as it is, undefined if it has to be computed. The number that one
 * in 8 bits is multiplied by stays beside those of the first network.
 */
function inPlace({ of, name }: Term, first: LaidWeights): Weight | undefined {
  const { weights } = of.base
  if (!of.isPlain || weights.made?.tensors.has(name)) return undefined
  return of === first || of.scaleName(name) === undefined ? weights.tensors.get(name) : undefined
}

async function blended(terms: readonly Term[], size: number): Promise<Float32Array> {
  let sum: Float32Array | undefined
  for (const { share, of, name } of terms) {
    const values = await of.values(name)
    if (sum) for (let i = 0; i < size; i++) sum[i]! += share * values[i]!
    else if (share !== 1) for (let i = 0; i < size; i++) values[i]! *= share
    // Read for this: its memory serves for the sum.
    sum ??= values
  }
  return sum ?? new Float32Array(size)
}

/** The first layer of networks that see a picture beside the latent has more channels. */
const seesMore = 'input_blocks.0.0.weight'

function fitting(
  first: NetworkPart,
  second: NetworkPart,
  inner: string,
  one: Weight,
  other: Weight,
): boolean {
  const shapes = [one, other].map(({ shape }) => shape.join().replace(/(,1)+$/, ''))
  if (shapes[0] === shapes[1]) return true
  if (inner === seesMore && one.shape[0] === other.shape[0]) return false
  const [a, b] = namesOf(first, second)
  throw new ModelError(
    `${a} and ${b} cannot be merged: "${inner}" is [${one.shape.join(', ')}] in the one and ` +
      `[${other.shape.join(', ')}] in the other. Choose two models of the same family.`,
  )
}

const namesOf = (...parts: readonly NetworkPart[]): string[] =>
  parts.map(({ base }) => basename(base.weights.file))

function strangers(first: NetworkPart, second: NetworkPart, inner: string): ModelError {
  const [a, b] = namesOf(first, second)
  return new ModelError(
    `${a} and ${b} cannot be merged: the second has no tensor "${inner}". Choose two models of the ` +
      'same family.',
  )
}

function keyOf(parts: readonly NetworkPart[], said: readonly string[]): string {
  const facts = parts.map(({ base, prefix }) => {
    const strengths = Object.entries(base.strengths).map(([name, { data }]) => `${name} ${data}`)
    return [base.key, prefix, ...strengths].join(' | ')
  })
  const all = JSON.stringify(['layout 1', facts, said])
  return createHash('sha256').update(all).digest('hex').slice(0, 24)
}

/** The weights of the first with computed ones in the place of those that change. */
function planned(
  { metadata, file: from }: Weights,
  tensors: Map<string, Weight>,
  toCompute: readonly ToCompute[],
  { dir, float32BytesMax, key, second }: MergeOptions & { key: string; second: NetworkPart },
): Weights {
  const values = toCompute.reduce((sum, { weight }) => sum + sizeOf(weight.shape), 0)
  const wide = 4 * values <= float32BytesMax
  const layout = layoutOf(
    toCompute.map(({ name, weight, type, values }) => {
      // Sums of 8-bit numbers need more bits.
      const as: WeightType = wide ? 'F32' : isFloat8(type) ? 'F16' : type
      const bytes = async function* () {
        yield narrowed(await values(), as)
      }
      return { name, type: as, shape: weight.shape, bytes }
    }),
  )
  const file = join(dir, `${titleOf(from, second.base.weights.file)}-${key}${ending}`)
  for (const { name, type, shape, offset, length } of layout.tensors) {
    // A computed tensor is as large as it is: nothing multiplies it any more.
    for (const scale of scalesBeside(name)) tensors.delete(scale)
    tensors.set(name, { type, shape, file, offset, length })
  }
  return {
    file,
    tensors,
    metadata,
    made: {
      key: `merged ${key} ${wide}`,
      tensors: new Map(toCompute.map(tensor => [tensor.name, tensor])),
      async ready(watch = {}) {
        if (layout.tensors.length === 0) return
        const size = statSync(file, { throwIfNoEntry: false })?.size
        if (size === layout.sizeBytes) return touch(file)
        const progress = (done: number, of: number) => watch.progress?.(done, of, 'Merging, once')
        await watched(making, file, { signal: watch.signal, progress }, async all => {
          mkdirSync(dir, { recursive: true })
          removeUnfinished(dir, making)
          await keepFile(file, path => writeSafetensors(path, layout, all))
          trim(dir, ending, file, folderBytesMax)
        })
      },
    },
  }
}

const titleBytesMax = 80

/** `dream+photo`: messages name the file. */
function titleOf(...files: readonly string[]): string {
  const stems = files.map(file => basename(file).replace(/(-[0-9a-f]{24}\.merged)?\.[a-z]+$/, ''))
  return Buffer.from(stems.join('+')).subarray(0, titleBytesMax).toString().replaceAll('\ufffd', '')
}
