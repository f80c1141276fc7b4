// DPM-Solver++ for the reverse SDE: as much noise is added along the way as is removed.
// https://arxiv.org/abs/2211.01095; after k-diffusion (MIT).
import { bySignalToNoise } from './flow.ts'
import {
  addNoise,
  ancestralStep,
  eulerStep,
  type Latents,
  mix,
  type NoiseOptions,
  type Sampler,
  sigmaAt,
  timeOf,
} from './sampler.ts'

const { exp, expm1, fround: f32, sqrt } = Math

/** `r` is where within a step (in t) the second look is taken. */
export const dpmppSdeWith = ({
  eta = 1,
  noiseScale = 1,
  r = 0.5,
}: NoiseOptions & { r?: number } = {}): Sampler =>
  bySignalToNoise(async ({ x, sigmas, denoise, noise, step }) => {
    const steps = sigmas.length - 1
    const draw = noise.brownian()
    // With the look in the middle of the step the first guess drops out.
    const share = 1 / (2 * r)
    const noisy = eta > 0 && noiseScale > 0
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const denoised = await denoise(x, sigma)
      if (next === 0) x = denoised
      else {
        const [start, end] = [timeOf(sigma), timeOf(next)]
        const middle = sigmaAt(f32(start + f32(f32(end - start) * f32(r))))
        const half = ancestralStep(sigma, middle, eta)
        const still = eulerStep(x, denoised, sigma, half.down)
        const halfway = noisy
          ? addNoise(still, half.up * noiseScale, () => draw(sigma, middle))
          : still
        const second = await denoise(halfway, middle)
        const whole = ancestralStep(sigma, next, eta)
        const guess = share === 1 ? second : mix([1 - share, denoised], [share, second])
        x = eulerStep(x, guess, sigma, whole.down)
        if (noisy) x = addNoise(x, whole.up * noiseScale, () => draw(sigma, next))
      }
      await step(i + 1, steps, denoised)
    }
    return x
  })
export const dpmppSde = dpmppSdeWith()

type MultistepOptions = NoiseOptions & { solver?: 'midpoint' | 'heun' }

export const dpmpp2mSdeWith = ({
  eta = 1,
  noiseScale = 1,
  solver = 'midpoint',
}: MultistepOptions = {}): Sampler =>
  bySignalToNoise(async ({ x, sigmas, denoise, noise, step }) => {
    const steps = sigmas.length - 1
    const draw = noise.brownian()
    let last: Latents | undefined
    let hLast = 0
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const denoised = await denoise(x, sigma)
      if (next === 0) x = denoised
      else {
        const h = timeOf(next) - timeOf(sigma)
        const gain = -expm1(-(1 + eta) * h)
        const slope = solver === 'heun' ? 1 - gain / ((1 + eta) * h) : gain / 2
        const correction = last ? (slope * h) / hLast : 0
        x = mix(
          [(next / sigma) * exp(-eta * h), x],
          [gain + correction, denoised],
          [-correction, last ?? denoised],
        )
        const fresh = next * sqrt(-expm1(-2 * eta * h)) * noiseScale
        if (fresh > 0) x = addNoise(x, fresh, () => draw(sigma, next))
        hLast = h
      }
      last = denoised
      await step(i + 1, steps, denoised)
    }
    return x
  })

export const dpmpp2mSde = dpmpp2mSdeWith()
export const dpmpp2mSdeHeun = dpmpp2mSdeWith({ solver: 'heun' })

export const dpmpp3mSdeWith = ({ eta = 1, noiseScale = 1 }: NoiseOptions = {}): Sampler =>
  bySignalToNoise(async ({ x, sigmas, denoise, noise, step }) => {
    const steps = sigmas.length - 1
    const draw = noise.brownian()
    /** Newest first. */
    let guesses: Latents[] = []
    let widths: number[] = []
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const denoised = await denoise(x, sigma)
      if (next === 0) x = denoised
      else {
        const h = timeOf(next) - timeOf(sigma)
        const [d1, d2] = differences(
          denoised,
          guesses,
          widths.map(width => width / h),
        )
        const hEta = (1 + eta) * h
        const decay = expm1(-hEta)
        const phi2 = decay / hEta + 1
        const phi3 = phi2 / hEta - 0.5
        x = mix([exp(-hEta), x], [-decay, denoised])
        if (d1) x = mix([1, x], [phi2, d1])
        if (d2) x = mix([1, x], [-phi3, d2])
        const fresh = next * sqrt(-expm1(-2 * eta * h)) * noiseScale
        if (fresh > 0) x = addNoise(x, fresh, () => draw(sigma, next))
        widths = [h, ...widths.slice(0, 1)]
      }
      guesses = [denoised, ...guesses.slice(0, 1)]
      await step(i + 1, steps, denoised)
    }
    return x
  })
export const dpmpp3mSde = dpmpp3mSdeWith()

/** First and second differences of the guesses; `r` are past widths in units of this step. */
function differences(
  denoised: Latents,
  [before, earlier]: readonly Latents[],
  [r0, r1]: readonly number[],
): [Latents?, Latents?] {
  if (!before || r0 === undefined) return []
  const near = mix([1 / r0, denoised], [-1 / r0, before])
  if (!earlier || r1 === undefined) return [near]
  const far = mix([1 / r1, before], [-1 / r1, earlier])
  const share = 1 / (r0 + r1)
  return [mix([1 + r0 * share, near], [-r0 * share, far]), mix([share, near], [-share, far])]
}
