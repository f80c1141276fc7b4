// Noise for SDE samplers: increments of one Brownian path over σ, so that the noise between two
// sigmas is the same however the steps lie. The path is torchsde's virtual Brownian tree
// (https://arxiv.org/abs/2001.01328, section 4; https://github.com/google-research/torchsde).
import { TorchGenerator } from './noise.ts'
import { seedSequence } from './seed-sequence.ts'

const f32 = Math.fround
/** torchsde's numbers for a BrownianTree. */
const poolSize = 24
const digits = 6
/** Cuts whose halves are kept, the least recently used let go; a place lies under about 24. */
const cacheSize = 32

/** Python's `round(x, 6)`: of the exact value, ties to even. */
function round(x: number): number {
  const scaled = x * 10 ** digits
  const tie = Number.isInteger(x * 128) && Math.abs(scaled % 1) === 0.5
  return tie ? (2 * Math.round(scaled / 2)) / 10 ** digits : Number(x.toFixed(digits))
}

/** A stretch of the path, cut in the middle on demand. */
interface Interval {
  start: number
  end: number
  parent?: Interval
  left: boolean
  /** Place in its level, and the level: the seed of its cut. */
  key: number
  depth: number
  seed?: bigint
  children?: readonly [Interval, Interval]
}

/** Increments over the left and the right half of an interval. */
type Halves = readonly [Float32Array, Float32Array]

export class BrownianPath {
  readonly #root: Interval
  readonly #whole: Float32Array
  readonly #entropy: bigint
  readonly #size: number
  readonly #cache = new Map<Interval, Halves>()

  constructor(size: number, start: number, end: number, seed: bigint) {
    this.#size = size
    this.#entropy = seed
    this.#root = { start: round(start), end: round(end), left: false, key: 0, depth: 0 }
    const [first] = seedSequence(seed, [], poolSize, 1)
    const scale = f32(Math.sqrt(end - start))
    this.#whole = this.#normal(BigInt(first!)).map(v => v * scale)
  }

  #normal(seed: bigint): Float32Array {
    return new TorchGenerator(seed).normal(this.#size)
  }

  /** W(to) − W(from), for from < to inside the path. */
  increment(from: number, to: number): Float32Array {
    const clamp = (t: number) => round(Math.min(Math.max(t, this.#root.start), this.#root.end))
    const sum = new Float32Array(this.#size)
    for (const interval of this.#cover(this.#root, clamp(from), clamp(to))) {
      const part = this.#incrementOf(interval)
      for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!
    }
    return sum
  }

  /** Intervals that together are exactly [from, to], in order. */
  #cover(interval: Interval, from: number, to: number): Interval[] {
    if (from >= to) return []
    if (from === interval.start && to === interval.end) return [interval]
    const [left, right] = (interval.children ??= this.#cut(interval))
    return [
      ...this.#cover(left, from, Math.min(to, left.end)),
      ...this.#cover(right, Math.max(from, right.start), to),
    ]
  }

  #cut(interval: Interval): [Interval, Interval] {
    const { start, end, key, depth } = interval
    const middle = round(0.5 * (start + end))
    interval.seed = BigInt(seedSequence(this.#entropy, [key, depth], poolSize, 1)[0]!)
    const below = { parent: interval, depth: depth + 1 }
    return [
      { ...below, start, end: middle, left: true, key: 2 * key },
      { ...below, start: middle, end, left: false, key: 2 * key + 1 },
    ]
  }

  #incrementOf({ parent, left }: Interval): Float32Array {
    if (!parent) return this.#whole
    const halves = this.#cache.get(parent) ?? this.#bridge(parent)
    this.#cache.delete(parent)
    this.#cache.set(parent, halves)
    if (this.#cache.size > cacheSize) this.#cache.delete(this.#cache.keys().next().value!)
    return halves[left ? 0 : 1]
  }

  /** The Brownian bridge: the increments of both halves, given that of the whole. */
  #bridge(parent: Interval): Halves {
    const whole = this.#incrementOf(parent)
    const middle = parent.children![0].end
    const before = middle - parent.start
    const after = parent.end - middle
    const perWidth = 1 / (parent.end - parent.start)
    const [share, inverse] = [f32(before), f32(perWidth)]
    const deviation = f32(Math.sqrt(before * after * perWidth))
    const left = this.#normal(parent.seed!)
    const right = new Float32Array(whole.length)
    for (let i = 0; i < whole.length; i++) {
      left[i] = f32(f32(share * whole[i]!) * inverse) + f32(deviation * left[i]!)
      right[i] = whole[i]! - left[i]!
    }
    return [left, right]
  }
}

/** Unit noise for a step from `sigma` down to `next`. */
export type StepNoise = (sigma: number, next: number) => Float32Array

/** `sigmas` descend; a last 0 is not part of the path. */
export function brownianNoise(size: number, sigmas: Float32Array, seed: bigint): StepNoise {
  const positive = sigmas.filter(sigma => sigma > 0)
  const path = new BrownianPath(size, Math.min(...positive), Math.max(...positive), seed)
  return (sigma, next) => {
    const scale = -1 / Math.sqrt(f32(Math.abs(next - sigma)))
    return path.increment(Math.min(sigma, next), Math.max(sigma, next)).map(w => w * scale)
  }
}
