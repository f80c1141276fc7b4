// DEIS (tAB): exponential integrator with polynomial extrapolation of the slopes, on the time scale
// of a VP diffusion. https://arxiv.org/abs/2204.13902
import { derivative, type Latents, mix, type Sampler } from './sampler.ts'

const maxOrder = 3
/** Points of the left Riemann sums that stand for the integrals. */
const points = 10_000

/** The VP schedule that spans sigmas 0.002 … 80, the smallest one at time 0.001. */
const smallTime = 1e-3
const logLow = Math.log(0.002 ** 2 + 1)
const logHigh = Math.log(80 ** 2 + 1)
const betaSlope = (2 * (logLow / smallTime - logHigh)) / (smallTime - 1)
const betaStart = logHigh - 0.5 * betaSlope

const vpTime = (sigma: number): number =>
  (Math.sqrt(betaStart ** 2 + 2 * betaSlope * Math.log(sigma ** 2 + 1)) - betaStart) / betaSlope

/** dσ-like weight of a slope at time τ: −½ (ln α)′ / √(α (1 − α)). */
function weightAt(time: number): number {
  const alpha = Math.exp(-0.5 * time ** 2 * betaSlope - time * betaStart)
  return (0.5 * (time * betaSlope + betaStart)) / Math.sqrt(alpha * (1 - alpha))
}

/** One factor per known slope, newest first; `times` holds theirs. */
function coefficients(times: readonly number[], next: number): number[] {
  const width = (next - times[0]!) / points
  const spacing = (next - times[0]!) / (points - 1)
  return times.map((own, j) => {
    let sum = 0
    for (let p = 0; p < points; p++) {
      const time = times[0]! + p * spacing
      let value = weightAt(time)
      times.forEach((other, k) => {
        if (k !== j) value *= (time - other) / (own - other)
      })
      sum += value
    }
    return sum * width
  })
}

export const deis: Sampler = async ({ x, sigmas, denoise, step }) => {
  const steps = sigmas.length - 1
  const times = Array.from(sigmas, vpTime)
  let slopes: Latents[] = []
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await denoise(x, sigma)
    slopes = [derivative(x, denoised, sigma), ...slopes.slice(0, maxOrder - 1)]
    const factors =
      next <= 0 || slopes.length === 1
        ? [next - sigma]
        : coefficients(
            slopes.map((_, k) => times[i - k]!),
            times[i + 1]!,
          )
    x = mix([1, x], ...factors.map((factor, k) => [factor, slopes[k]!] as const))
    await step(i + 1, steps, denoised)
  }
  return x
}
