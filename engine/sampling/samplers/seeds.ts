// SEEDS-2 and -3: exponential SDE solvers whose stages share their noise. η = 1.
// https://arxiv.org/abs/2305.14267
import { bySignalToNoise } from './flow.ts'
import { addNoise, type Latents, mix, type Sampler, sigmaAt, timeOf } from './sampler.ts'

const { exp, expm1, sqrt } = Math

/** Noise added between the shares `from` and `to` of a step h, as it is left at the later share `at`. */
const noiseLeft = (h: number, from: number, to: number, at: number): number =>
  exp(-(at - to) * h) * sqrt(-expm1(-2 * (to - from) * h))

export const seeds2: Sampler = bySignalToNoise(async ({ x, sigmas, denoise, noise, step }) => {
  const steps = sigmas.length - 1
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await denoise(x, sigma)
    if (next === 0) x = denoised
    else {
      const h = timeOf(next) - timeOf(sigma)
      const middle = sigmaAt(timeOf(sigma) + h / 2)
      const [noise1, noise2] = [noise.gaussian(), noise.gaussian()]
      const halfway = stage(x, denoised, sigma, middle, h / 2)
      const denoised2 = await denoise(
        addNoise(halfway, middle * noiseLeft(h, 0, 0.5, 0.5), () => noise1),
        middle,
      )
      x = mix(
        [1, stage(x, denoised2, sigma, next, h)],
        [next * noiseLeft(h, 0, 0.5, 1), noise1],
        [next * noiseLeft(h, 0.5, 1, 1), noise2],
      )
    }
    await step(i + 1, steps, denoised)
  }
  return x
})

export const seeds3: Sampler = bySignalToNoise(async ({ x, sigmas, denoise, noise, step }) => {
  const steps = sigmas.length - 1
  const [r1, r2] = [1 / 3, 2 / 3]
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await denoise(x, sigma)
    if (next === 0) x = denoised
    else {
      const h = timeOf(next) - timeOf(sigma)
      const [s1, s2] = [r1, r2].map(r => sigmaAt(timeOf(sigma) + r * h)) as [number, number]
      const draws = [noise.gaussian(), noise.gaussian(), noise.gaussian()]
      /** Draws made so far, at the share `at` of the step, where the noise level is `level`. */
      const noised = (latents: Latents, level: number, count: number, at: number) =>
        mix(
          [1, latents],
          ...draws
            .slice(0, count)
            .map((draw, k) => [level * noiseLeft(h, k / 3, (k + 1) / 3, at), draw] as const),
        )
      const x2 = noised(stage(x, denoised, sigma, s1, r1 * h), s1, 1, r1)
      const denoised2 = await denoise(x2, s1)
      const bend2 = (r2 / r1) * (expm1(-2 * r2 * h) / (2 * r2 * h) + 1)
      const toX3 = stage(x, denoised, sigma, s2, r2 * h)
      const x3 = mix([1, toX3], [bend2, denoised2], [-bend2, denoised])
      const denoised3 = await denoise(noised(x3, s2, 2, r2), s2)
      const bend3 = (1 / r2) * (expm1(-2 * h) / (2 * h) + 1)
      const toNext = stage(x, denoised, sigma, next, h)
      x = noised(mix([1, toNext], [bend3, denoised3], [-bend3, denoised]), next, 3, 1)
    }
    await step(i + 1, steps, denoised)
  }
  return x
})

/** The noiseless part of a stage of width `h` with a constant guess. */
const stage = (x: Latents, denoised: Latents, from: number, to: number, h: number): Latents =>
  mix([(to / from) * exp(-h), x], [-expm1(-2 * h), denoised])
