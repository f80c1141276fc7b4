// SA-Solver: stochastic Adams predictor and corrector in λ = −ln σ, with noise (τ = 1) only in the
// middle of the run. https://arxiv.org/abs/2309.05019
import { solve } from './linear-system.ts'
import { type Latents, mix, type Sampler, timeOf } from './sampler.ts'

const { exp, expm1, sqrt } = Math
const predictorOrder = 3
const correctorOrder = 4

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

const saSolverWith =
  (evaluateCorrected: boolean): Sampler =>
  async input => {
    const { sigmas, denoise, noise, sampling, step } = input
    const steps = sigmas.length - 1
    const lambdas = Array.from(sigmas, timeOf)
    const [noiseFrom, noiseTo] = [sampling.percentToSigma(0.2), sampling.percentToSigma(0.8)]
    const endsInZero = sigmas[steps] === 0
    /** Newest last. */
    let guesses: Latents[] = []
    let x = input.x
    let predicted = input.x
    let [tau, h] = [0, 0]
    let added: readonly [number, Latents] | undefined
    const blend = (count: number) => (factors: readonly number[]) =>
      guesses.slice(-count).map((guess, k) => [factors[k]!, guess] as const)

    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      let denoised = await denoise(predicted, sigma)
      guesses = [...guesses, denoised].slice(-Math.max(predictorOrder, correctorOrder))
      const reported = denoised

      const skip = i === 0 || (next === 0 && !evaluateCorrected)
      let order = skip ? 0 : Math.min(correctorOrder, guesses.length)
      if (endsInZero) order = Math.min(order, steps - i)
      if (order === 0) x = predicted
      else {
        const at = lambdas.slice(i - order + 1, i + 1)
        const factors = weights(at, lambdas[i - 1]!, lambdas[i]!, tau)
        x = mix(
          [(sigma / sigmas[i - 1]!) * exp(-(tau ** 2) * h), x],
          ...blend(order)(factors),
          ...(added ? [added] : []),
        )
        if (evaluateCorrected) {
          denoised = await denoise(x, sigma)
          guesses[guesses.length - 1] = denoised
        }
      }

      if (next === 0) predicted = denoised
      else {
        tau = next <= noiseFrom && next >= noiseTo ? 1 : 0
        h = lambdas[i + 1]! - lambdas[i]!
        let used = Math.min(predictorOrder, guesses.length)
        if (endsInZero) used = Math.min(used, steps - 1 - i)
        const at = lambdas.slice(i - used + 1, i + 1)
        const factors = weights(at, lambdas[i]!, lambdas[i + 1]!, tau)
        added = tau > 0 ? [next * sqrt(-expm1(-2 * tau ** 2 * h)), noise.gaussian()] : undefined
        predicted = mix(
          [(next / sigma) * exp(-(tau ** 2) * h), x],
          ...blend(used)(factors),
          ...(added ? [added] : []),
        )
      }
      await step(i + 1, steps, reported)
    }
    return predicted
  }

export const saSolver = saSolverWith(false)
export const saSolverPece = saSolverWith(true)
