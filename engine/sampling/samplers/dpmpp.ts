// DPM-Solver++: exact in the linear part, steps in t = −ln σ. https://arxiv.org/abs/2211.01095;
// after k-diffusion (MIT).
import { dpmpp2sAncestralFlow, forFlows } from './flow.ts'
import {
  addNoise,
  ancestralStep,
  derivative,
  eulerStep,
  type Latents,
  mix,
  type NoiseOptions,
  type Sampler,
  sigmaAt,
  timeOf,
} from './sampler.ts'

const { exp, expm1 } = Math

export const dpmpp2m: Sampler = async ({ x, sigmas, denoise, step }) => {
  const steps = sigmas.length - 1
  let last: Latents | undefined
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await denoise(x, sigma)
    if (next === 0) x = denoised
    else {
      const h = timeOf(next) - timeOf(sigma)
      const extrapolate = last ? h / (2 * (timeOf(sigma) - timeOf(sigmas[i - 1]!))) : 0
      const gain = -expm1(-h)
      x = mix(
        [next / sigma, x],
        [gain * (1 + extrapolate), denoised],
        [-gain * extrapolate, last ?? denoised],
      )
    }
    last = denoised
    await step(i + 1, steps, denoised)
  }
  return x
}

export const dpmpp2mCfgPp: Sampler = async ({ x, sigmas, denoiseBoth, step }) => {
  const steps = sigmas.length - 1
  let last: Latents | undefined
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { denoised, uncond } = await denoiseBoth(x, sigma)
    if (next === 0) x = denoised
    else {
      const h = timeOf(next) - timeOf(sigma)
      const extrapolate = last ? h / (2 * (timeOf(sigma) - timeOf(sigmas[i - 1]!))) : 0
      const gain = -expm1(-h) * extrapolate
      x = mix([exp(-h), x], [1 + gain, denoised], [-exp(-h), uncond], [-gain, last ?? denoised])
    }
    last = uncond
    await step(i + 1, steps, denoised)
  }
  return x
}

export const dpmpp2sAncestralWith = ({ eta = 1, noiseScale = 1 }: NoiseOptions = {}): Sampler =>
  forFlows(
    dpmpp2sAncestralFlow({ eta, noiseScale }),
    async ({ x, sigmas, denoise, noise, step }) => {
      const steps = sigmas.length - 1
      for (let i = 0; i < steps; i++) {
        const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
        const { down, up } = ancestralStep(sigma, next, eta)
        const denoised = await denoise(x, sigma)
        if (down === 0) x = eulerStep(x, denoised, sigma, down)
        else {
          const middle = sigmaAt((timeOf(sigma) + timeOf(down)) / 2)
          const halfway = eulerStep(x, denoised, sigma, middle)
          x = eulerStep(x, await denoise(halfway, middle), sigma, down)
        }
        if (next > 0) x = addNoise(x, up * noiseScale, noise.gaussian)
        await step(i + 1, steps, denoised)
      }
      return x
    },
  )
export const dpmpp2sAncestral = dpmpp2sAncestralWith()

export const dpmpp2sAncestralCfgPp: Sampler = async input => {
  const { sigmas, denoiseBoth, noise, step } = input
  let { x } = input
  const steps = sigmas.length - 1
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { down, up } = ancestralStep(sigma, next)
    const first = await denoiseBoth(x, sigma)
    if (down === 0) x = mix([1, first.denoised], [down, derivative(x, first.uncond, sigma)])
    else {
      const middle = sigmaAt((timeOf(sigma) + timeOf(down)) / 2)
      const shifted = mix([1, x], [1, first.denoised], [-1, first.uncond])
      const second = await denoiseBoth(eulerStep(shifted, first.denoised, sigma, middle), middle)
      const shiftedAgain = mix([1, x], [1, first.denoised], [-1, second.uncond])
      x = eulerStep(shiftedAgain, second.denoised, sigma, down)
    }
    if (next > 0) x = addNoise(x, up, noise.gaussian)
    await step(i + 1, steps, first.denoised)
  }
  return x
}
