// UniPC: a multistep predictor whose corrector reuses the next evaluation. Works on the unit
// variance latent (α² + σ² = 1) in λ = ln(α/σ). https://arxiv.org/abs/2302.04867
import { solve } from './linear-system.ts'
import { type Latents, mix, type Sampler } from './sampler.ts'

const maxOrder = 3
/** Stands for σ = 0, whose λ is infinite. */
const lastSigma = 0.001

/** A σ of x = x0 + σ·ε as the unit variance latent has it. */
interface Time {
  alpha: number
  sigma: number
  lambda: number
}

function timeAt(sigma: number): Time {
  const alpha = 1 / Math.sqrt(sigma ** 2 + 1)
  return { alpha, sigma: alpha * sigma, lambda: -Math.log(sigma) }
}

interface Known {
  time: Time
  denoised: Latents
}

type Variant = 'bh1' | 'bh2'

/**
 * One update of `x` from the newest known point (last) to `to`. With `found`, x0 at `to`, it is the
 * corrector, else the predictor.
 */
function update(
  x: Latents,
  known: readonly Known[],
  to: Time,
  variant: Variant,
  found?: Latents,
): Latents {
  const newest = known.at(-1)!
  const earlier = known.slice(0, -1).reverse()
  const h = to.lambda - newest.time.lambda
  /** Slopes towards earlier points and where they lie, in units of h. */
  const places = earlier.map(({ time }) => (time.lambda - newest.time.lambda) / h)
  const guesses = earlier.map(({ denoised }) => denoised)
  if (found) {
    places.push(1)
    guesses.push(found)
  }
  const b = variant === 'bh1' ? -h : Math.expm1(-h)
  const base = Math.expm1(-h)
  const weights = weigh(places, -h, b)
  const slopes = weights.map((weight, k) => weight / places[k]!)
  const total = slopes.reduce((sum, w) => sum + w, 0)
  return mix(
    [to.sigma / newest.time.sigma, x],
    [-to.alpha * (base - b * total), newest.denoised],
    ...guesses.map((guess, k) => [-to.alpha * b * slopes[k]!, guess] as const),
  )
}

/** The weights that make the update exact for polynomials; one slope takes ½. */
function weigh(places: readonly number[], hh: number, b: number): number[] {
  if (places.length === 0) return []
  if (places.length === 1) return [0.5]
  const right: number[] = []
  let phi = Math.expm1(hh) / hh - 1
  let factorial = 1
  for (let k = 1; k <= places.length; k++) {
    right.push((phi * factorial) / b)
    factorial *= k + 1
    phi = phi / hh - 1 / factorial
  }
  return solve(
    places.map((_, power) => places.map(place => place ** power)),
    right,
  )
}

const uniPcWith =
  (variant: Variant): Sampler =>
  async ({ x, sigmas, denoise, sampling, step }) => {
    const steps = sigmas.length - 1
    const levels = Array.from(sigmas, sigma => sigma || lastSigma)
    const times = levels.map(timeAt)
    const order = Math.max(1, Math.min(maxOrder, steps - 1))
    const look = (unit: Latents, i: number) => denoise(mix([1 / times[i]!.alpha, unit]), levels[i]!)

    let unit = mix([times[0]!.alpha, x])
    let known: Known[] = [{ time: times[0]!, denoised: await look(unit, 0) }]
    await step(1, steps, known[0]!.denoised)
    for (let i = 1; i < steps; i++) {
      const used = known.slice(-Math.min(i, order, steps + 1 - i))
      const predicted = update(unit, used, times[i]!, variant)
      const denoised = await look(predicted, i)
      unit = update(unit, used, times[i]!, variant, denoised)
      known = [...known, { time: times[i]!, denoised }].slice(-maxOrder)
      await step(i + 1, steps, denoised)
    }
    const end = times[steps]!
    // A flow's latent is smaller by the noise that is left.
    const scale = sampling.prediction === 'flow' && sigmas[steps] === 0 ? 1 - lastSigma : 1
    return mix([1 / (end.alpha * scale), update(unit, known.slice(-1), end, variant)])
  }

export const uniPc = uniPcWith('bh1')
export const uniPcBh2 = uniPcWith('bh2')
