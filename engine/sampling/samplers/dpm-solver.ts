// DPM-Solver of orders 1–3 in t = −ln σ, with steps fixed by a budget or chosen by the error.
// https://arxiv.org/abs/2206.00927; after k-diffusion (MIT).
import {
  addNoise,
  ancestralStep,
  type Latents,
  mix,
  type NoiseOptions,
  type Sampler,
  type SamplerInput,
  sigmaAt,
  timeOf,
} from './sampler.ts'

const f32 = Math.fround
/** Times and steps are float32 as in torch: short steps are differences of nearly equal times. */
const expm1 = (x: number): number => f32(Math.expm1(x))

/** (e^h − 1)/h − 1 */
const curvature = (h: number): number => f32(f32(expm1(h) / h) - 1)

/** Solver steps from one point share the slopes ("epsilon") they have seen. */
function solverFrom(x: Latents, t: number, denoise: SamplerInput['denoise']) {
  const known = new Map<string, Promise<Latents>>()
  const epsilon = (name: string, at: Latents, time: number): Promise<Latents> => {
    const sigma = sigmaAt(time)
    const slope =
      known.get(name) ??
      denoise(at, sigma).then(denoised => mix([1 / sigma, at], [-1 / sigma, denoised]))
    known.set(name, slope)
    return slope
  }
  const first = () => epsilon('first', x, t)

  return {
    first,
    async order1(next: number): Promise<Latents> {
      return mix([1, x], [-f32(sigmaAt(next) * expm1(f32(next - t))), await first()])
    },
    async order2(next: number, r1 = 1 / 2): Promise<Latents> {
      const h = f32(next - t)
      const e = await first()
      const h1 = f32(f32(r1) * h)
      const s1 = f32(t + h1)
      const e1 = await epsilon('r1', mix([1, x], [-f32(sigmaAt(s1) * expm1(h1)), e]), s1)
      const gain = f32(sigmaAt(next) * expm1(h))
      return mix([1, x], [-gain + gain / (2 * r1), e], [-gain / (2 * r1), e1])
    },
    async order3(next: number): Promise<Latents> {
      const [r1, r2] = [1 / 3, 2 / 3]
      const h = f32(next - t)
      const e = await first()
      const [h1, h2] = [f32(f32(r1) * h), f32(f32(r2) * h)]
      const [s1, s2] = [f32(t + h1), f32(t + h2)]
      const e1 = await epsilon('r1', mix([1, x], [-f32(sigmaAt(s1) * expm1(h1)), e]), s1)
      const bend = f32(f32(sigmaAt(s2) * (r2 / r1)) * curvature(h2))
      const u2 = mix([1, x], [-f32(sigmaAt(s2) * expm1(h2)) + bend, e], [-bend, e1])
      const e2 = await epsilon('r2', u2, s2)
      const curve = f32(f32(sigmaAt(next) / f32(r2)) * curvature(h))
      return mix([1, x], [-f32(sigmaAt(next) * expm1(h)) + curve, e], [-curve, e2])
    },
  }
}

/** From the first σ to the last one above 0; a single step goes as far as the model was trained. */
function span({ sigmas, sampling }: SamplerInput): [start: number, end: number] {
  const last = sigmas.at(-1) || (sigmas.length > 2 ? sigmas.at(-2)! : sampling.sigmaMin)
  return [timeOf(sigmas[0]!), timeOf(last)]
}

/** As many looks at the network as there are steps. */
export const dpmFast: Sampler = async input => {
  const { denoise, step } = input
  let { x } = input
  const budget = input.sigmas.length - 1
  const [start, end] = span(input)
  const count = Math.floor(budget / 3) + 1
  const orders =
    budget % 3 === 0
      ? [...Array<number>(Math.max(count - 2, 0)).fill(3), 2, 1]
      : [...Array<number>(count - 1).fill(3), budget % 3]
  let looks = 0
  for (const [i, order] of orders.entries()) {
    const [t, next] = [i, i + 1].map(k => start + ((end - start) * k) / count) as [number, number]
    const solver = solverFrom(x, t, denoise)
    const denoised = mix([1, x], [-sigmaAt(t), await solver.first()])
    x = await (order === 1
      ? solver.order1(next)
      : order === 2
        ? solver.order2(next)
        : solver.order3(next))
    await step((looks += order), budget, denoised)
  }
  return x
}

export interface AdaptiveOptions extends NoiseOptions {
  /** 2 or 3 */
  order?: number
  relativeTolerance?: number
  absoluteTolerance?: number
  /** In t = −ln σ. */
  firstStep?: number
  /** Weights of the step-size controller's proportional, integral and derivative parts. */
  proportional?: number
  integral?: number
  derivative?: number
  /** A step is taken when the controller would not shorten it below this share. */
  acceptSafety?: number
}

/** A run that has not converged by then never will. */
const attemptsMax = 1000

/** Two orders are compared, and the step adapts until they agree. */
export const dpmAdaptiveWith =
  (options: AdaptiveOptions = {}): Sampler =>
  async input => {
    const { order = 3, firstStep = 0.05, eta = 0, noiseScale = 1 } = options
    const { denoise, noise, step } = input
    let { x } = input
    const [start, end] = span(input)
    const controller = stepController(options, eta > 0 ? 1.5 : order)
    let t = start
    let h = Math.abs(firstStep)
    let previous = x
    for (let attempt = 0; t < end - 1e-5 && attempt < attemptsMax; attempt++) {
      const next = Math.min(end, f32(t + f32(h)))
      const { down, up } = stepDown(t, next, end, eta)
      const solver = solverFrom(x, t, denoise)
      const denoised = mix([1, x], [-sigmaAt(t), await solver.first()])
      const low = order === 2 ? await solver.order1(down) : await solver.order2(down, 1 / 3)
      const high = order === 2 ? await solver.order2(down) : await solver.order3(down)
      const { accepted, factor } = controller(errorBetween(low, high, previous, options))
      if (accepted) {
        previous = low
        x = eta > 0 ? addNoise(high, up * noiseScale, noise.gaussian) : high
        t = next
      }
      h *= factor
      const percent = Math.round((100 * (t - start)) / (end - start))
      await step(Math.min(percent, 100), 100, denoised)
    }
    return x
  }
export const dpmAdaptive = dpmAdaptiveWith()

/** The time to step down to, and the noise that lifts it back to `next`. */
function stepDown(t: number, next: number, end: number, eta: number) {
  if (eta === 0) return { down: next, up: 0 }
  const down = Math.min(end, timeOf(ancestralStep(sigmaAt(t), sigmaAt(next), eta).down))
  return { down, up: Math.sqrt(sigmaAt(next) ** 2 - sigmaAt(down) ** 2) }
}

/** Error of a step → whether it counts, and what the next one's length is multiplied by. */
function stepController(options: AdaptiveOptions, order: number) {
  const { proportional: p = 0, integral: i = 1, derivative: d = 0, acceptSafety = 0.81 } = options
  const powers = [(p + i + d) / order, -(p + 2 * d) / order, d / order]
  /** Inverse errors, newest first. */
  let known: number[] | undefined
  return (error: number) => {
    const inverse = 1 / (error + 1e-8)
    const [, before, earlier] = known ?? [inverse, inverse, inverse]
    known = [inverse, before!, earlier!]
    const raw = known.reduce((product, value, k) => product * value ** powers[k]!, 1)
    const factor = 1 + Math.atan(raw - 1)
    const accepted = factor >= acceptSafety
    if (accepted) known = [inverse, inverse, before!]
    return { accepted, factor }
  }
}

function errorBetween(
  low: Latents,
  high: Latents,
  previous: Latents,
  { relativeTolerance = 0.05, absoluteTolerance = 0.0078 }: AdaptiveOptions,
): number {
  let sum = 0
  for (let i = 0; i < low.length; i++) {
    const size = Math.max(Math.abs(low[i]!), Math.abs(previous[i]!))
    const delta = Math.max(absoluteTolerance, relativeTolerance * size)
    sum += ((low[i]! - high[i]!) / delta) ** 2
  }
  return Math.sqrt(sum / low.length)
}
