// Gradient estimation: the slope is corrected by its last change. https://openreview.net/forum?id=o2ND9v0CeK
import { along, derivative, type Latents, mix, type Sampler } from './sampler.ts'

const gamma = 2

const gradientEstimationWith =
  (cfgPp: boolean): Sampler =>
  async ({ x, sigmas, denoise, denoiseBoth, step }) => {
    const steps = sigmas.length - 1
    let last: Latents | undefined
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const both = cfgPp ? await denoiseBoth(x, sigma) : undefined
      const denoised = both?.denoised ?? (await denoise(x, sigma))
      const slope = derivative(x, both?.uncond ?? denoised, sigma)
      if (next === 0) x = denoised
      else {
        x = both ? mix([1, denoised], [next, slope]) : along(x, slope, next - sigma)
        const gain = (gamma - 1) * (next - sigma)
        if (last) x = mix([1, x], [gain, slope], [-gain, last])
      }
      last = slope
      await step(i + 1, steps, denoised)
    }
    return x
  }

export const gradientEstimation = gradientEstimationWith(false)
export const gradientEstimationCfgPp = gradientEstimationWith(true)
