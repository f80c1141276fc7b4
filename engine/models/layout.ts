// What a network is made of, as data: which tensors each of its parts must have and which of their
// sizes must agree. Builders ask a file what it holds and build that; a tensor that got lost would
// make them build another network without a word. So every file is held against its family's layout.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import { openWeights } from '../inference/open-weights.ts'
import { isBesideWeights } from '../inference/weight-scales.ts'
import type { Weight, Weights } from '../inference/weights.ts'

/**
 * A number, or a name for one that the file decides: lower case holds within a part, upper case in the
 * whole network. `3h` is three times h, `3h+m` a sum.
 */
export type Size = number | string

/** By what follows the part's place. Trailing sizes of 1 need not be there: [C,D] fits [C,D,1,1]. */
export type Tensors = Readonly<Record<string, readonly Size[]>>

/** The size of a name, NaN if no tensor tells. */
export type SizeOf = (name: string) => number

export interface Optional {
  tensors: Tensors
  /** Whether a part of these sizes cannot do without; `place` as in the file. */
  needed?(size: SizeOf, place: string): boolean
}

export interface Part {
  /** Where it lies; `#` is any number, `|` parts alternatives. Without `#` it must be there. */
  at: string
  tensors: Tensors
  /** Each all or nothing. */
  optional?: readonly Optional[]
  /** A part that a network may lack although its place has no number. */
  mayLack?: boolean
}

export interface Layout {
  parts: readonly Part[]
  /** Places whose last number counts from 0 without gaps. */
  counted?: readonly string[]
}

export const linear = (name: string, from: Size, to: Size): Tensors => ({
  ...matrix(name, from, to),
  [join(name, 'bias')]: [to],
})
/** A linear layer without bias. */
export const matrix = (name: string, from: Size, to: Size): Tensors => ({
  [join(name, 'weight')]: [to, from],
})
export const conv = (name: string, from: Size, to: Size, side = 3): Tensors => ({
  [join(name, 'weight')]: [to, from, side, side],
  [join(name, 'bias')]: [to],
})
export const norm = (name: string, width: Size): Tensors => ({
  [join(name, 'weight')]: [width],
  [join(name, 'bias')]: [width],
})
export const scale = (name: string, width: Size): Tensors => ({ [join(name, 'weight')]: [width] })
/** The same for each of several layers. */
export const each = (names: readonly string[], make: (name: string) => Tensors): Tensors =>
  Object.assign({}, ...names.map(make))

const join = (...names: string[]) => names.filter(name => name !== '').join('.')

/** What files may hold beside the tensors of their family. */
const isKnownExtra = (name: string) => isBesideWeights(name) || /(^|\.)position_ids$/.test(name)

/** One part as a file holds it. */
interface Instance {
  part: Part
  place: string
  tensors: Map<string, Weight>
}

/**
 * Holds the tensors under `prefix` against a layout and gives the names of those that it does not
 * know: they have no effect.
 * @throws ModelError that names the file and the tensor that is missing or of a wrong shape.
 */
export function checkLayout(weights: Weights, prefix: string, layout: Layout): string[] {
  const { instances, unknown } = sorted(weights, prefix, layout)
  const places = [...new Set(instances.map(({ place }) => place))]
  for (const pattern of layout.counted ?? []) checkCount(weights, prefix, places, pattern)
  const missing = instances.flatMap(instance =>
    lacking(instance.part.tensors, instance).map(name => join(instance.place, name)),
  )
  if (missing.length > 0) throw lacks(weights, prefix, missing)
  const sizes = new Sizes(instances)
  for (const instance of instances) {
    const size = sizes.of(instance)
    for (const [name, wanted] of specified(instance.part)) {
      const tensor = instance.tensors.get(name)
      if (tensor) checkShape(weights, prefix, join(instance.place, name), tensor, wanted, size)
    }
  }
  for (const instance of instances) {
    const { part, place } = instance
    for (const { tensors, needed } of part.optional ?? []) {
      const absent = lacking(tensors, instance).map(name => join(place, name))
      const partly = absent.length < Object.keys(tensors).length
      if (absent.length > 0 && (partly || needed?.(sizes.of(instance), place)))
        throw lacks(weights, prefix, absent)
    }
  }
  return unknown
}

const specified = ({ tensors, optional = [] }: Part): [string, readonly Size[]][] =>
  [tensors, ...optional.map(group => group.tensors)].flatMap(all => Object.entries(all))

const lacking = (wanted: Tensors, { tensors }: Instance): string[] =>
  Object.keys(wanted).filter(name => !tensors.has(name))

/** Every tensor under the part it belongs to. */
function sorted(weights: Weights, prefix: string, { parts }: Layout) {
  const kinds = parts.map(part => ({
    part,
    names: new Set(specified(part).map(([name]) => name)),
    pattern: placePattern(part.at),
    found: new Map<string, Instance>(),
  }))
  for (const { part, found } of kinds)
    if (!part.at.includes('#') && !part.mayLack)
      for (const place of part.at.split('|')) found.set(place, { part, place, tensors: new Map() })
  const unknown: string[] = []
  for (const [key, tensor] of weights.tensors) {
    if (!key.startsWith(prefix)) continue
    const inner = key.slice(prefix.length)
    const home = kinds.find(({ names, pattern }) => {
      const place = pattern.exec(inner)?.[0]
      return place !== undefined && names.has(inner.slice(place.length).replace(/^\./, ''))
    })
    if (!home) {
      if (!isKnownExtra(inner)) unknown.push(key)
      continue
    }
    const place = home.pattern.exec(inner)![0]
    const instance = home.found.get(place) ?? { part: home.part, place, tensors: new Map() }
    instance.tensors.set(inner.slice(place.length).replace(/^\./, ''), tensor)
    home.found.set(place, instance)
  }
  return { instances: kinds.flatMap(({ found }) => [...found.values()]), unknown }
}

const placePattern = (at: string): RegExp =>
  at === '' ? /^/ : new RegExp(`^(?:${at.replaceAll('.', '\\.').replaceAll('#', '\\d+')})(?=\\.|$)`)

/** `blocks.#` of blocks.0 and blocks.2: blocks.1 got lost. */
function checkCount(
  weights: Weights,
  prefix: string,
  places: readonly string[],
  pattern: string,
): void {
  const numbers = new Map<string, Set<number>>()
  for (const place of places) {
    const found = placePattern(pattern).exec(place)?.[0]
    if (found === undefined) continue
    const [, base = '', number] = /^(.*?)(\d+)$/.exec(found) ?? []
    numbers.set(base, (numbers.get(base) ?? new Set()).add(Number(number)))
  }
  for (const [base, own] of numbers)
    for (let n = 0; n < Math.max(...own); n++)
      if (!own.has(n)) throw lacks(weights, prefix, [`${base}${n}`])
}

/** The sizes that names stand for: what most tensors say. */
class Sizes {
  private readonly whole = new Votes()
  private readonly own = new Map<Instance, Votes>()

  constructor(instances: readonly Instance[]) {
    for (const instance of instances) {
      const votes = new Votes()
      this.own.set(instance, votes)
      for (const [name, wanted] of specified(instance.part)) {
        const shape = instance.tensors.get(name)?.shape
        if (!shape) continue
        wanted.forEach((size, axis) => {
          const [, times = '1', of] = /^(\d*)([a-zA-Z]+)$/.exec(String(size)) ?? []
          const actual = (shape[axis] ?? 1) / Number(times || 1)
          if (of && Number.isInteger(actual)) (isGlobal(of) ? this.whole : votes).add(of, actual)
        })
      }
    }
  }

  of(instance: Instance): SizeOf {
    const votes = this.own.get(instance)!
    return name => (isGlobal(name) ? this.whole : votes).winner(name)
  }
}

const isGlobal = (name: string) => name === name.toUpperCase()

class Votes {
  private readonly counts = new Map<string, Map<number, number>>()

  add(name: string, size: number): void {
    const own = this.counts.get(name) ?? new Map<number, number>()
    own.set(size, (own.get(size) ?? 0) + 1)
    this.counts.set(name, own)
  }

  winner(name: string): number {
    let [best, most] = [Number.NaN, 0]
    for (const [size, count] of this.counts.get(name) ?? [])
      if (count > most) [best, most] = [size, count]
    return best
  }
}

/** The number that `3h+m` stands for. */
const evaluated = (size: Size, of: SizeOf): number =>
  typeof size === 'number'
    ? size
    : size.split('+').reduce((sum, term) => {
        const [, times, name = ''] = /^(\d*)([a-zA-Z]+)$/.exec(term) ?? []
        return sum + Number(times || 1) * of(name)
      }, 0)

function checkShape(
  weights: Weights,
  prefix: string,
  name: string,
  tensor: Weight,
  wanted: readonly Size[],
  size: SizeOf,
): void {
  // What is packed has another shape; such types are refused by their name later.
  if (!/^(F|BF)\d/.test(tensor.type)) return
  const should = wanted.map(of => evaluated(of, size))
  const rank = Math.max(should.length, tensor.shape.length)
  for (let axis = 0; axis < rank; axis++)
    if ((tensor.shape[axis] ?? 1) !== (should[axis] ?? 1))
      throw new ModelError(
        `${basename(weights.file)}: the tensor "${asInFile(weights, prefix, name)}" is ` +
          `[${tensor.shape.join(', ')}] where [${should.join(', ')}] belongs. The file is damaged or ` +
          'was changed by hand; download it again or choose another model.',
      )
}

function lacks(weights: Weights, prefix: string, names: readonly string[]): ModelError {
  const [first = '', ...others] = names.map(name => asInFile(weights, prefix, name))
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  return new ModelError(
    `${basename(weights.file)} has no tensor "${first}"${more}. The file is incomplete or of a family ` +
      'that is not supported; download it again or choose another model.',
  )
}

/** What to tell of tensors that a layout does not know. */
export const unknownTensors = (weights: Weights, names: readonly string[]): string[] =>
  names.length === 0
    ? []
    : [
        `${basename(weights.file)} holds ${names.length} tensor${names.length > 1 ? 's' : ''} more than ` +
          `its family has ("${names[0]}"${names.length > 1 ? ' …' : ''}); they have no effect.`,
      ]

/** Files of a network alone have no prefix; ours get one when they are opened. */
function asInFile(weights: Weights, prefix: string, name: string): string {
  const named = [...openWeights(weights.file).tensors.keys()].some(key => key.startsWith(prefix))
  return named ? prefix + name : name
}
