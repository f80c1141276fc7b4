// Euler's method on the probability flow ODE, plain and with noise put back.
// https://arxiv.org/abs/2206.00364, algorithm 2; after k-diffusion (MIT).
import { bySignalToNoise, eulerAncestralFlow, forFlows } from './flow.ts'
import {
  addNoise,
  ancestralStep,
  derivative,
  mix,
  type NoiseOptions,
  type Sampler,
  slopeStep,
} from './sampler.ts'

export const euler: Sampler = async ({ x, sigmas, denoise, step }) => {
  const steps = sigmas.length - 1
  for (let i = 0; i < steps; i++) {
    const denoised = await denoise(x, sigmas[i]!)
    x = slopeStep(x, denoised, sigmas[i]!, sigmas[i + 1]!)
    await step(i + 1, steps, denoised)
  }
  return x
}

export const eulerAncestralWith = ({ eta = 1, noiseScale = 1 }: NoiseOptions = {}): Sampler =>
  forFlows(eulerAncestralFlow({ eta, noiseScale }), async ({ x, sigmas, denoise, noise, step }) => {
    const steps = sigmas.length - 1
    for (let i = 0; i < steps; i++) {
      const denoised = await denoise(x, sigmas[i]!)
      const { down, up } = ancestralStep(sigmas[i]!, sigmas[i + 1]!, eta)
      x = slopeStep(x, denoised, sigmas[i]!, down)
      if (sigmas[i + 1]! > 0) x = addNoise(x, up * noiseScale, noise.gaussian)
      await step(i + 1, steps, denoised)
    }
    return x
  })
export const eulerAncestral = eulerAncestralWith()

/** CFG++: the direction comes from the unconditional guess. https://arxiv.org/abs/2406.08070 */
export const eulerCfgPpWith = ({ eta = 1, noiseScale = 1 }: NoiseOptions = {}): Sampler =>
  bySignalToNoise(async ({ x, sigmas, denoiseBoth, noise, step }) => {
    const steps = sigmas.length - 1
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { denoised, uncond } = await denoiseBoth(x, sigma)
      const { down, up } = ancestralStep(sigma, next, eta)
      x = mix([1, denoised], [down, derivative(x, uncond, sigma)])
      if (next > 0 && eta > 0) x = addNoise(x, up * noiseScale, noise.gaussian)
      await step(i + 1, steps, denoised)
    }
    return x
  }, 'at once')

export const eulerCfgPp = eulerCfgPpWith({ eta: 0 })
export const eulerAncestralCfgPp = eulerCfgPpWith()

/**
 * Guided a second time where CFG++ is guided once: the whole step goes along what is left of x when
 * guidance, denoised − uncond, has been taken out of it.
 */
export const eulerGuidedTwice: Sampler = async ({ x, sigmas, denoiseBoth, step }) => {
  const steps = sigmas.length - 1
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { denoised, uncond } = await denoiseBoth(x, sigma)
    const unguided = mix([1, x], [-1, denoised], [1, uncond])
    x = mix([1, x], [next - sigma, derivative(unguided, denoised, sigma)])
    await step(i + 1, steps, denoised)
  }
  return x
}
