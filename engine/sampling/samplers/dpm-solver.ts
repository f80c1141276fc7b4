// DPM-Solver of orders 1–3 in t = −ln σ, with steps fixed by a budget or chosen by the error.
// https://arxiv.org/abs/2206.00927; after k-diffusion (MIT).
import { type Latents, mix, type Sampler, type SamplerInput, sigmaAt, timeOf } from './sampler.ts'

const { expm1 } = Math

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
      return mix([1, x], [-sigmaAt(next) * expm1(next - t), await first()])
    },
    async order2(next: number, r1 = 1 / 2): Promise<Latents> {
      const h = next - t
      const e = await first()
      const s1 = t + r1 * h
      const e1 = await epsilon('r1', mix([1, x], [-sigmaAt(s1) * expm1(r1 * h), e]), s1)
      const gain = sigmaAt(next) * expm1(h)
      return mix([1, x], [-gain + gain / (2 * r1), e], [-gain / (2 * r1), e1])
    },
    async order3(next: number): Promise<Latents> {
      const [r1, r2] = [1 / 3, 2 / 3]
      const h = next - t
      const e = await first()
      const [s1, s2] = [t + r1 * h, t + r2 * h]
      const e1 = await epsilon('r1', mix([1, x], [-sigmaAt(s1) * expm1(r1 * h), e]), s1)
      const bend = sigmaAt(s2) * (r2 / r1) * (expm1(r2 * h) / (r2 * h) - 1)
      const u2 = mix([1, x], [-sigmaAt(s2) * expm1(r2 * h) + bend, e], [-bend, e1])
      const e2 = await epsilon('r2', u2, s2)
      const curve = (sigmaAt(next) / r2) * (expm1(h) / h - 1)
      return mix([1, x], [-sigmaAt(next) * expm1(h) + curve, e], [-curve, e2])
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

const relativeTolerance = 0.05
const absoluteTolerance = 0.0078
const acceptSafety = 0.81
const order = 3
/** A run that has not converged by then never will. */
const attemptsMax = 1000

/** Orders 2 and 3 are compared, and the step adapts until they agree. */
export const dpmAdaptive: Sampler = async input => {
  const { denoise, step } = input
  let { x } = input
  const [start, end] = span(input)
  let t = start
  let h = 0.05
  let previous = x
  for (let attempt = 0; t < end - 1e-5 && attempt < attemptsMax; attempt++) {
    const next = Math.min(end, t + h)
    const solver = solverFrom(x, t, denoise)
    const denoised = mix([1, x], [-sigmaAt(t), await solver.first()])
    const low = await solver.order2(next, 1 / 3)
    const high = await solver.order3(next)
    const inverseError = 1 / (errorBetween(low, high, previous) + 1e-8)
    const factor = 1 + Math.atan(inverseError ** (1 / order) - 1)
    if (factor >= acceptSafety) {
      previous = low
      x = high
      t = next
    }
    h *= factor
    const percent = Math.round((100 * (t - start)) / (end - start))
    await step(Math.min(percent, 100), 100, denoised)
  }
  return x
}

function errorBetween(low: Latents, high: Latents, previous: Latents): number {
  let sum = 0
  for (let i = 0; i < low.length; i++) {
    const size = Math.max(Math.abs(low[i]!), Math.abs(previous[i]!))
    const delta = Math.max(absoluteTolerance, relativeTolerance * size)
    sum += ((low[i]! - high[i]!) / delta) ** 2
  }
  return Math.sqrt(sum / low.length)
}
