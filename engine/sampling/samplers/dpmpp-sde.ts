// DPM-Solver++ for the reverse SDE: as much noise is added along the way as is removed.
// https://arxiv.org/abs/2211.01095; after k-diffusion (MIT). η = 1 throughout.
import {
  addNoise,
  ancestralStep,
  eulerStep,
  type Latents,
  mix,
  type Sampler,
  sigmaAt,
  timeOf,
} from './sampler.ts'

const { exp, expm1, sqrt } = Math

export const dpmppSde: Sampler = async ({ x, sigmas, denoise, noise, step }) => {
  const steps = sigmas.length - 1
  const draw = noise.brownian()
  for (let i = 0; i < steps; i++) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await denoise(x, sigma)
    if (next === 0) x = denoised
    else {
      const [start, end] = [timeOf(sigma), timeOf(next)]
      const middle = sigmaAt(Math.fround(start + Math.fround(end - start) / 2))
      const half = ancestralStep(sigma, middle)
      const halfway = addNoise(eulerStep(x, denoised, sigma, half.down), half.up, () =>
        draw(sigma, middle),
      )
      const whole = ancestralStep(sigma, next)
      // With the look in the middle of the step the first guess drops out.
      x = eulerStep(x, await denoise(halfway, middle), sigma, whole.down)
      x = addNoise(x, whole.up, () => draw(sigma, next))
    }
    await step(i + 1, steps, denoised)
  }
  return x
}

const dpmpp2mSdeWith =
  (solver: 'midpoint' | 'heun'): Sampler =>
  async ({ x, sigmas, denoise, noise, step }) => {
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
        const gain = -expm1(-2 * h)
        const slope = solver === 'heun' ? 1 - gain / (2 * h) : gain / 2
        const correction = last ? (slope * h) / hLast : 0
        x = mix(
          [(next / sigma) * exp(-h), x],
          [gain + correction, denoised],
          [-correction, last ?? denoised],
        )
        x = addNoise(x, next * sqrt(gain), () => draw(sigma, next))
        hLast = h
      }
      last = denoised
      await step(i + 1, steps, denoised)
    }
    return x
  }

export const dpmpp2mSde = dpmpp2mSdeWith('midpoint')
export const dpmpp2mSdeHeun = dpmpp2mSdeWith('heun')

export const dpmpp3mSde: Sampler = async ({ x, sigmas, denoise, noise, step }) => {
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
      const decay = expm1(-2 * h)
      const phi2 = decay / (2 * h) + 1
      const phi3 = phi2 / (2 * h) - 0.5
      x = mix([exp(-2 * h), x], [-decay, denoised])
      if (d1) x = mix([1, x], [phi2, d1])
      if (d2) x = mix([1, x], [-phi3, d2])
      x = addNoise(x, next * sqrt(-decay), () => draw(sigma, next))
      widths = [h, ...widths.slice(0, 1)]
    }
    guesses = [denoised, ...guesses.slice(0, 1)]
    await step(i + 1, steps, denoised)
  }
  return x
}

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
