// Samplers that go through x0 and add fresh noise: DDPM (https://arxiv.org/abs/2006.11239) and
// latent consistency (https://arxiv.org/abs/2310.04378).
import { addNoise, derivative, mix, type Sampler } from './sampler.ts'

const { sqrt } = Math

export const ddpm: Sampler = async ({ x, sigmas, denoise, noise, step }) => {
  const steps = sigmas.length - 1
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await denoise(x, sigma)
    const epsilon = derivative(x, denoised, sigma)
    const [bar, barNext] = [1 / (sigma ** 2 + 1), 1 / (next ** 2 + 1)]
    const alpha = bar / barNext
    // The latent is held at unit variance while the step is taken: x · √ᾱ.
    let unit = mix([sqrt(bar / alpha), x], [-(1 - alpha) / sqrt(alpha * (1 - bar)), epsilon])
    if (next > 0)
      unit = addNoise(unit, sqrt(((1 - alpha) * (1 - barNext)) / (1 - bar)), noise.gaussian)
    x = mix([1 / sqrt(barNext), unit])
    await step(i + 1, steps, denoised)
  }
  return x
}

export const lcm: Sampler = async ({ x, sigmas, denoise, noise, sampling, step }) => {
  const steps = sigmas.length - 1
  for (let i = 0; i < steps; i++) {
    const next = sigmas[i + 1]!
    const denoised = await denoise(x, sigmas[i]!)
    const kept = sampling.prediction === 'flow' ? 1 - next : 1
    x = next > 0 ? mix([kept, denoised], [next, noise.gaussian()]) : denoised
    await step(i + 1, steps, denoised)
  }
  return x
}
