// SA-Solver: stochastic Adams predictor and corrector in λ = −ln σ, with noise only in a part of the
// run. https://arxiv.org/abs/2309.05019
import { bySignalToNoise, levelOf } from './flow.ts'
import { solve } from './linear-system.ts'
import { type Latents, mix, type NoiseOptions, type Sampler, type Term, timeOf } from './sampler.ts'

const { exp, expm1, sqrt } = Math

/** Here `eta` is the paper's τ while noise is added. */
export interface SaSolverOptions extends NoiseOptions {
  predictorOrder?: number
  /** 0 leaves the correction out. */
  correctorOrder?: number
  /** Looks at the network once more after the correction ("PECE"). */
  evaluateCorrected?: boolean
  /** At order 2, the simpler weights of the authors' code instead of the exact integrals. */
  simpleOrder2?: boolean
  /** Noise is added while start ≥ σ ≥ end of the model; by default from 20 to 80 % of the run. */
  noiseRange?: { start: number; end: number }
}

/**
 * Weights of the guesses known at `lambdas` for the step from `start` to `end`: the integral of
 * (1 + τ²) e^((1 + τ²)(λ − end)) against their Lagrange polynomials.
 */
function weights(lambdas: readonly number[], start: number, end: number, tau: number): number[] {
  const rate = 1 + tau ** 2
  const decay = exp(-rate * (end - start))
  const moments: number[] = []
  // Powers are taken about `end`, where they stay small; integration by parts gives the recursion.
  for (let p = 0; p < lambdas.length; p++)
    moments.push(
      (p === 0 ? 1 : 0) - (start - end) ** p * decay - (p === 0 ? 0 : (p / rate) * moments[p - 1]!),
    )
  return solve(
    moments.map((_, power) => lambdas.map(lambda => (lambda - end) ** power)),
    moments,
  )
}

/** Weights of two guesses, the older at `before`. */
function simpleWeights(
  before: number,
  start: number,
  end: number,
  tau: number,
  correcting: boolean,
): [older: number, newer: number] {
  const rate = 1 + tau ** 2
  const h = end - start
  const all = -expm1(-rate * h)
  const newer = correcting ? 0.5 * rate * h : all - (0.5 * rate * h ** 2) / (before - start)
  return [all - newer, newer]
}

export const saSolverWith = (options: SaSolverOptions = {}): Sampler =>
  bySignalToNoise(async input => {
    const { sigmas, denoise, noise, sampling, step } = input
    const { predictorOrder = 3, correctorOrder = 4, eta = 1, noiseScale = 1 } = options
    const { evaluateCorrected = false, simpleOrder2 = false } = options
    const steps = sigmas.length - 1
    const lambdas = Array.from(sigmas, timeOf)
    const noiseRange = options.noiseRange
      ? {
          start: levelOf(sampling, options.noiseRange.start),
          end: levelOf(sampling, options.noiseRange.end),
        }
      : { start: sampling.percentToSigma(0.2), end: sampling.percentToSigma(0.8) }
    const endsInZero = sigmas[steps] === 0
    /** Newest last. */
    let guesses: Latents[] = []
    let x = input.x
    let predicted = input.x
    let tau = 0
    let added: readonly Term[] = []

    /** From one σ to the next, with the last `order` guesses, the newest of which is at `newest`. */
    const advance = (from: number, newest: number, order: number): Latents => {
      const [start, end] = [lambdas[from]!, lambdas[from + 1]!]
      const known = lambdas.slice(newest - order + 1, newest + 1)
      const factors =
        simpleOrder2 && order === 2
          ? simpleWeights(known[0]!, start, end, tau, newest > from)
          : weights(known, start, end, tau)
      const kept = (sigmas[from + 1]! / sigmas[from]!) * exp(-(tau ** 2) * (end - start))
      const sum = guesses.slice(-order).map((guess, k): Term => [factors[k]!, guess])
      return mix([kept, x], ...sum, ...added)
    }

    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      let denoised = await denoise(predicted, sigma)
      guesses = [...guesses, denoised].slice(-Math.max(predictorOrder, correctorOrder))
      const reported = denoised

      // Orders fall towards σ = 0, where λ has no bound.
      const left = endsInZero ? steps - i : Number.POSITIVE_INFINITY
      if (i === 0 || correctorOrder === 0 || (next === 0 && !evaluateCorrected)) x = predicted
      else {
        x = advance(i - 1, i, Math.min(correctorOrder, guesses.length, left))
        if (evaluateCorrected) {
          denoised = await denoise(x, sigma)
          guesses[guesses.length - 1] = denoised
        }
      }

      if (next === 0) predicted = denoised
      else {
        tau = next <= noiseRange.start && next >= noiseRange.end ? eta : 0
        const variance = -expm1(-2 * tau ** 2 * (lambdas[i + 1]! - lambdas[i]!))
        added =
          tau > 0 && noiseScale > 0 ? [[next * sqrt(variance) * noiseScale, noise.gaussian()]] : []
        predicted = advance(i, i, Math.min(predictorOrder, guesses.length, left - 1))
      }
      await step(i + 1, steps, reported)
    }
    return predicted
  })

export const saSolver = saSolverWith()
export const saSolverPece = saSolverWith({ evaluateCorrected: true })
