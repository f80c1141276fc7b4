// Looks that are left out: while an answer is expected to change little, the last one stands in for
// it, moved along with x. https://arxiv.org/abs/2507.02860
import type { ModelSampling } from '../models/kinds.ts'
import type { Tensor } from '../tensor.ts'
import { tensor } from '../tensor.ts'
import type { Guided } from './guidance.ts'

export interface AnswerReuse {
  /** How much an answer may have changed in all, as a share of its size. 0: nothing is left out. */
  threshold: number
  /** Shares of the run between which looks may be left out. */
  start: number
  end: number
  /** Is told of each look that was left out. */
  told?(line: string): void
}

/**
 * Guesses how much an answer has changed since it was computed: a network's answer changes by about
 * so much for a change of its input as it did between the last two looks that were taken.
 */
export class ChangeEstimate {
  /** Over all looks left out since the last that was taken, as a share of its answer's size. */
  change = 0
  /** Size of an answer's change over size of the input's. */
  private rate: number | undefined
  private taken: { x: Float32Array; answer: Float32Array } | undefined
  /** The input of the look before, taken or not. */
  private before: Float32Array | undefined
  private readonly threshold: number

  constructor(threshold: number) {
    this.threshold = threshold
  }

  /** Whether the last answer is near enough to that for `x`. To be asked once a look. */
  holds(x: Float32Array): boolean {
    const { before, taken, rate } = this
    this.before = x.slice()
    if (!before || !taken || rate === undefined) return false
    this.change += (rate * meanDistance(x, before)) / meanSize(taken.answer)
    return this.change < this.threshold
  }

  /** The look was taken after all, and this came out. */
  took(x: Float32Array, answer: Float32Array): void {
    const { taken } = this
    const moved = taken && meanDistance(x, taken.x)
    if (moved) this.rate = meanDistance(answer, taken.answer) / moved
    this.taken = { x: x.slice(), answer: answer.slice() }
    this.change = 0
  }
}

const meanSize = (values: Float32Array): number =>
  values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length

function meanDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!)
  return sum / a.length
}

const sum = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value + b[i]!)
const difference = (a: Float32Array, b: Float32Array): Float32Array =>
  a.map((value, i) => value - b[i]!)

/** Whether looks may be left out at a noise level. */
function allowedAt({ start, end }: AnswerReuse, sampling: ModelSampling) {
  const [from, to] = [sampling.percentToSigma(start), sampling.percentToSigma(end)]
  return (sigma: number): boolean => sigma <= from && sigma > to
}

const lineOf = (name: string, sigma: number, change: number, { threshold }: AnswerReuse): string =>
  `${name}: left out the look at noise ${sigma.toFixed(3)}, ` +
  `changed by about ${change.toFixed(3)} of ${threshold}.`

/** As a run's guidance makes of x at one noise level. */
type Look = (x: Tensor, sigma: number, both: boolean) => Promise<Guided>

/** Leaves out whole looks, with all that guidance and its patches do. For one run. */
export function leavingOutLooks(options: AnswerReuse, sampling: ModelSampling, look: Look): Look {
  const estimate = new ChangeEstimate(options.threshold)
  const allowed = allowedAt(options, sampling)
  let last: { denoised: Float32Array; uncond: Float32Array; both: boolean } | undefined
  return async (x, sigma, both) => {
    const holds = estimate.holds(x.data)
    if (holds && allowed(sigma) && last && (last.both || !both)) {
      options.told?.(lineOf('LazyCache', sigma, estimate.change, options))
      return { denoised: sum(x.data, last.denoised), uncond: sum(x.data, last.uncond) }
    }
    const guess = await look(x, sigma, both)
    estimate.took(x.data, guess.denoised)
    const [denoised, uncond] = [guess.denoised, guess.uncond].map(of => difference(of, x.data))
    last = { denoised: denoised!, uncond: uncond!, both }
    return guess
  }
}

/** Who is asked: conditions of the run, each with an answer of its own. */
type Asked = readonly object[]

/** Answers of a network that stand in for later ones, in one run. */
export class NetworkReuse {
  private readonly options: AnswerReuse
  private readonly allowed: (sigma: number) => boolean
  private readonly residuals = new WeakMap<object, Float32Array>()
  /** Goes by the first condition that each look asks for. */
  private estimate: ChangeEstimate
  private leader: object | undefined
  /** Of the look that is under way. */
  private leavesOut: boolean | undefined

  constructor(options: AnswerReuse, sampling: ModelSampling) {
    this.options = options
    this.allowed = allowedAt(options, sampling)
    this.estimate = new ChangeEstimate(options.threshold)
  }

  /** A new look begins: all that it asks for is computed, or all of it stands in. */
  begin(): void {
    this.leavesOut = undefined
  }

  /**
   * `x` [n·B,C,h,w] as the network gets it, the latents of each of `asked` after one another. →
   * what `compute` would answer, or what stands in for it.
   */
  async answer(
    asked: Asked,
    x: Tensor,
    sigma: number,
    compute: () => Promise<Tensor>,
  ): Promise<Tensor> {
    const size = x.data.length / asked.length
    const first = this.leavesOut === undefined
    const own = x.data.subarray(0, size)
    this.leavesOut ??= this.decided(asked[0]!, own, sigma)
    const kept = asked.map(one => this.residuals.get(one))
    if (this.leavesOut && kept.every(residual => residual?.length === size)) {
      const data = new Float32Array(x.data.length)
      for (const [i, residual] of kept.entries())
        data.set(sum(x.data.subarray(i * size, (i + 1) * size), residual!), i * size)
      return tensor(x.shape, data)
    }
    const answer = await compute()
    if (answer.data.length !== x.data.length) return answer
    if (first) this.estimate.took(own, answer.data.subarray(0, size))
    const residual = difference(answer.data, x.data)
    for (const [i, one] of asked.entries())
      this.residuals.set(one, residual.slice(i * size, (i + 1) * size))
    return answer
  }

  private decided(leader: object, x: Float32Array, sigma: number): boolean {
    if (leader !== this.leader) this.estimate = new ChangeEstimate(this.options.threshold)
    this.leader = leader
    const leavesOut = this.estimate.holds(x) && this.allowed(sigma)
    if (leavesOut)
      this.options.told?.(lineOf('EasyCache', sigma, this.estimate.change, this.options))
    return leavesOut
  }
}
