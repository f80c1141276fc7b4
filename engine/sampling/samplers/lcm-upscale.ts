// Latent consistency (https://arxiv.org/abs/2310.04378) that begins small: x0 is enlarged after each
// of the first steps, before fresh noise goes on it.
import type { LatentResizeMethod } from '../latents.ts'
import { mix, type Sampler } from './sampler.ts'

export interface LcmUpscale {
  /** Of the last size to the first. */
  ratio: number
  /** How many steps enlarge; below 0 it is half of them. */
  steps: number
  method: LatentResizeMethod
}

/** After each enlarging step, how many times as large x is as at the start: evenly up to `ratio`. */
export function enlargements(ratio: number, wanted: number, steps: number): number[] {
  const count = wanted < 0 ? Math.max(1, Math.floor((steps + 1) / 2)) : wanted
  const within = Math.min(count, steps + 1)
  return Array.from({ length: within }, (_, i) => 1 + ((ratio - 1) * (i + 1)) / within)
}

export const lcmUpscaleWith =
  ({ ratio, steps: wanted, method }: LcmUpscale): Sampler =>
  async input => {
    const { sigmas, sampling, step } = input
    const steps = sigmas.length - 1
    const factors = enlargements(ratio, wanted, steps)
    let now = input
    for (let i = 0; i < steps; i++) {
      const next = sigmas[i + 1]!
      const denoised = await now.denoise(now.x, sigmas[i]!)
      await step(i + 1, steps, denoised)
      const factor = factors[i]
      now = {
        ...now,
        x: denoised,
        ...(factor && (await input.resized?.(denoised, factor, method))),
      }
      const kept = sampling.prediction === 'flow' ? 1 - next : 1
      if (next > 0) now = { ...now, x: mix([kept, now.x], [next, now.noise.gaussian()]) }
    }
    return now.x
  }
