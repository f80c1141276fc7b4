// RES: a second-order exponential multistep integrator. https://arxiv.org/abs/2308.02157
import {
  addNoise,
  ancestralStep,
  type Latents,
  mix,
  type Sampler,
  slopeStep,
  timeOf,
} from './sampler.ts'

const { exp, expm1 } = Math
const phi1 = (t: number): number => expm1(t) / t
const phi2 = (t: number): number => (phi1(t) - 1) / t
const finite = (value: number): number => (Number.isFinite(value) ? value : 0)

interface Options {
  ancestral?: boolean
  cfgPp?: boolean
}

const resMultistepWith =
  ({ ancestral = false, cfgPp = false }: Options): Sampler =>
  async ({ x, sigmas, denoise, denoiseBoth, noise, step }) => {
    const steps = sigmas.length - 1
    let last: { guess: Latents; down: number } | undefined
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const both = cfgPp ? await denoiseBoth(x, sigma) : undefined
      const denoised = both?.denoised ?? (await denoise(x, sigma))
      /** What the direction is taken from: the unconditional guess in CFG++. */
      const guess = both?.uncond ?? denoised
      const { down, up } = ancestral ? ancestralStep(sigma, next) : { down: next, up: 0 }
      const shifted = both ? mix([1, x], [1, denoised], [-1, guess]) : x
      if (down === 0 || !last) x = slopeStep(shifted, denoised, sigma, down)
      else {
        const h = timeOf(down) - timeOf(sigma)
        const c2 = (timeOf(sigmas[i - 1]!) - timeOf(last.down)) / h
        const b2 = finite(phi2(-h) / c2)
        x = mix([exp(-h), shifted], [h * (finite(phi1(-h)) - b2), guess], [h * b2, last.guess])
      }
      if (ancestral && next > 0) x = addNoise(x, up, noise.gaussian)
      last = { guess, down }
      await step(i + 1, steps, denoised)
    }
    return x
  }

export const resMultistep = resMultistepWith({})
export const resMultistepCfgPp = resMultistepWith({ cfgPp: true })
export const resMultistepAncestral = resMultistepWith({ ancestral: true })
export const resMultistepAncestralCfgPp = resMultistepWith({ ancestral: true, cfgPp: true })
