// DPM-Solver-2 in sigma: one look at the geometric middle. After k-diffusion (MIT).
import { dpm2AncestralFlow, forFlows } from './flow.ts'
import { addNoise, ancestralStep, derivative, eulerStep, mix, type Sampler } from './sampler.ts'

const dpm2With =
  (ancestral: boolean): Sampler =>
  async ({ x, sigmas, denoise, noise, step }) => {
    const steps = sigmas.length - 1
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { down, up } = ancestral ? ancestralStep(sigma, next) : { down: next, up: 0 }
      const denoised = await denoise(x, sigma)
      if (down === 0) x = eulerStep(x, denoised, sigma, down)
      else {
        const middle = Math.sqrt(sigma * down)
        const halfway = eulerStep(x, denoised, sigma, middle)
        const slope = derivative(halfway, await denoise(halfway, middle), middle)
        x = mix([1, x], [down - sigma, slope])
        x = addNoise(x, up, noise.gaussian)
      }
      await step(i + 1, steps, denoised)
    }
    return x
  }

export const dpm2 = dpm2With(false)
export const dpm2Ancestral = forFlows(dpm2AncestralFlow({}), dpm2With(true))
