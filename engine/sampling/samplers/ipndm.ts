// iPNDM: the slope over a step is a fixed combination of the last slopes.
// https://arxiv.org/abs/2204.13902
import { derivative, type Latents, mix, type Sampler } from './sampler.ts'

/** Adams–Bashforth, whose coefficients suppose even steps. */
const adamsBashforth = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
]

export const ipndm = multistep(order => adamsBashforth[order - 1]!)

/** Coefficients for uneven steps; `h[0]` is the step ahead, then the past ones. */
export const ipndmV = multistep((order, h) => {
  const [h0, h1 = 0, h2 = 0, h3 = 0] = h
  if (order === 1) return [1]
  const r = h0! / h1
  const first = [(2 + r) / 2, -r / 2]
  if (order === 2) return first
  const a = (1 - (h0! / (3 * (h0! + h1))) * ((h0! * (h0! + h1)) / (h1 * (h1 + h2)))) / 2
  const q = h1 / h2
  if (order === 3) return [first[0]! + a, first[1]! - (1 + q) * a, a * q]
  const b =
    (((1 - h0! / (3 * (h0! + h1))) / 2 +
      ((1 - h0! / (2 * (h0! + h1))) * h0!) / (6 * (h0! + h1 + h2))) *
      (h0! * (h0! + h1) * (h0! + h1 + h2))) /
    (h1 * (h1 + h2) * (h1 + h2 + h3))
  const s = (h1 * (h1 + h2)) / (h2 * (h2 + h3))
  return [
    first[0]! + a + b,
    first[1]! - (1 + q) * a - (1 + q + s) * b,
    a * q + (q + s * (1 + h2 / h3)) * b,
    -b * s * q,
  ]
})

/** `coefficients(order, h)` weigh the slopes, newest first. */
function multistep(
  coefficients: (order: number, h: readonly number[]) => readonly number[],
): Sampler {
  return async ({ x, sigmas, denoise, step }) => {
    const steps = sigmas.length - 1
    let slopes: Latents[] = []
    for (let i = 0; i < steps; i++) {
      const denoised = await denoise(x, sigmas[i]!)
      slopes = [derivative(x, denoised, sigmas[i]!), ...slopes.slice(0, 3)]
      if (sigmas[i + 1] === 0) x = denoised
      else {
        const h = slopes.map((_, k) => sigmas[i + 1 - k]! - sigmas[i - k]!)
        const weights = coefficients(slopes.length, h)
        x = mix([1, x], ...slopes.map((slope, k) => [weights[k]! * h[0]!, slope] as const))
      }
      await step(i + 1, steps, denoised)
    }
    return x
  }
}
