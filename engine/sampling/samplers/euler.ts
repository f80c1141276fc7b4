// Euler's method on the probability flow ODE, plain and with noise put back.
// https://arxiv.org/abs/2206.00364, algorithm 2; after k-diffusion (MIT).
import { addNoise, ancestralStep, derivative, eulerStep, mix, type Sampler } from './sampler.ts'

export const euler: Sampler = async ({ x, sigmas, denoise, step }) => {
  const steps = sigmas.length - 1
  for (let i = 0; i < steps; i++) {
    const denoised = await denoise(x, sigmas[i]!)
    x = eulerStep(x, denoised, sigmas[i]!, sigmas[i + 1]!)
    await step(i + 1, steps, denoised)
  }
  return x
}

export const eulerAncestral: Sampler = async ({ x, sigmas, denoise, noise, step }) => {
  const steps = sigmas.length - 1
  for (let i = 0; i < steps; i++) {
    const denoised = await denoise(x, sigmas[i]!)
    const { down, up } = ancestralStep(sigmas[i]!, sigmas[i + 1]!)
    x = addNoise(eulerStep(x, denoised, sigmas[i]!, down), up, noise.gaussian)
    await step(i + 1, steps, denoised)
  }
  return x
}

/** CFG++: the direction comes from the unconditional guess. https://arxiv.org/abs/2406.08070 */
const cfgPlusPlus =
  (ancestral: boolean): Sampler =>
  async ({ x, sigmas, denoiseBoth, noise, step }) => {
    const steps = sigmas.length - 1
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { denoised, uncond } = await denoiseBoth(x, sigma)
      const { down, up } = ancestral ? ancestralStep(sigma, next) : { down: next, up: 0 }
      x = mix([1, denoised], [down, derivative(x, uncond, sigma)])
      x = addNoise(x, up, noise.gaussian)
      await step(i + 1, steps, denoised)
    }
    return x
  }

export const eulerCfgPp = cfgPlusPlus(false)
export const eulerAncestralCfgPp = cfgPlusPlus(true)
