// Second-order steps by Heun's method (https://arxiv.org/abs/2206.00364, algorithm 2), and Heun++,
// which averages up to three slopes weighted by sigma.
import { along, derivative, mix, type Sampler, slopeStep } from './sampler.ts'

export const heun: Sampler = async ({ x, sigmas, denoise, step }) => {
  const steps = sigmas.length - 1
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await denoise(x, sigma)
    const ahead = slopeStep(x, denoised, sigma, next)
    if (next === 0) x = ahead
    else {
      const slope = derivative(x, denoised, sigma)
      const slopeAhead = derivative(ahead, await denoise(ahead, next), next)
      x = along(x, mix([0.5, slope], [0.5, slopeAhead]), next - sigma)
    }
    await step(i + 1, steps, denoised)
  }
  return x
}

export const heunPlusPlus2: Sampler = async ({ x, sigmas, denoise, step }) => {
  const steps = sigmas.length - 1
  const end = sigmas[steps]!
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await denoise(x, sigma)
    const slopes = [derivative(x, denoised, sigma)]
    let ahead = slopeStep(x, denoised, sigma, next)
    // Looks ahead as far as there are sigmas before the end, at most two.
    const looks = next === end ? 0 : sigmas[i + 2] === end ? 1 : 2
    for (let k = 1; k <= looks; k++) {
      const at = sigmas[i + k]!
      const slope = derivative(ahead, await denoise(ahead, at), at)
      slopes.push(slope)
      if (k < looks) ahead = along(ahead, slope, sigmas[i + k + 1]! - at)
    }
    const weights = slopes.map((_, k) => sigmas[i + k]! / (slopes.length * sigmas[0]!))
    weights[0] = 1 - weights.slice(1).reduce((sum, w) => sum + w, 0)
    x = along(x, mix(...slopes.map((slope, k) => [weights[k]!, slope] as const)), next - sigma)
    await step(i + 1, steps, denoised)
  }
  return x
}
