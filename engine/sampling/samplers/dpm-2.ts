// DPM-Solver-2 in sigma: one look at the geometric middle. After k-diffusion (MIT).
import { dpm2AncestralFlow, forFlows } from './flow.ts'
import { addNoise, along, ancestralStep, derivative, type Sampler, slopeStep } from './sampler.ts'

const { exp, fround: f32, log } = Math

/** √(a · b), as torch comes to it by logarithms in float32. */
function between(a: number, b: number): number {
  const [from, to] = [f32(log(a)), f32(log(b))]
  return f32(exp(f32(to - f32((to - from) / 2))))
}

const dpm2With =
  (ancestral: boolean): Sampler =>
  async ({ x, sigmas, denoise, noise, step }) => {
    const steps = sigmas.length - 1
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { down, up } = ancestral ? ancestralStep(sigma, next) : { down: next, up: 0 }
      const denoised = await denoise(x, sigma)
      if (down === 0) x = slopeStep(x, denoised, sigma, down)
      else {
        const middle = between(sigma, down)
        const halfway = slopeStep(x, denoised, sigma, middle)
        const slope = derivative(halfway, await denoise(halfway, middle), middle)
        x = along(x, slope, down - sigma)
        if (ancestral) x = addNoise(x, up, noise.gaussian)
      }
      await step(i + 1, steps, denoised)
    }
    return x
  }

export const dpm2 = dpm2With(false)
export const dpm2Ancestral = forFlows(dpm2AncestralFlow({}), dpm2With(true))
