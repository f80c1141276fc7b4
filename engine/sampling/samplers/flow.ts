// Samplers on rectified flows, where x = (1 − σ)·x0 + σ·noise.
import type { ModelSampling } from '../../models/kinds.ts'
import {
  addNoise,
  derivative,
  eulerStep,
  type Latents,
  mix,
  type NoiseOptions,
  type Sampler,
  type SamplerInput,
} from './sampler.ts'

const f32 = Math.fround

const isFlow = ({ sampling }: SamplerInput): boolean => sampling.prediction === 'flow'

/** A flow begins in pure noise, without any signal to divide by: it is taken to begin this late. */
const firstShare = 1e-4
/** Or its first level is said to be this, where only the limit counts. */
const firstLevel = 1e6

/**
 * Lets a sampler that was made for x = x0 + σ·noise walk a flow by its signal-to-noise ratio:
 * x / (1 − σ) is such a latent at the noise level σ / (1 − σ).
 */
export const bySignalToNoise =
  (sampler: Sampler, start: 'late' | 'at once' = 'late'): Sampler =>
  input => {
    if (!isFlow(input)) return sampler(input)
    const { sampling, noise } = input
    const flowSigmas = input.sigmas.map((sigma, i) =>
      i === 0 && sigma >= 1 && start === 'late' ? sampling.percentToSigma(firstShare) : sigma,
    )
    const sigmas = flowSigmas.map(sigma => Math.min(ratio(sigma), firstLevel))
    // Levels of the schedule come back exactly: the Brownian path is asked at them.
    const exact = new Map(Array.from(sigmas, (level, i) => [level, flowSigmas[i]!]))
    const flowSigma = (level: number) => exact.get(level) ?? f32(level / (1 + level))
    const signal = (level: number) => 1 / (1 + level)
    return sampler({
      ...input,
      sigmas,
      x: mix([1 / signal(sigmas[0]!), input.x]),
      sampling: {
        ...sampling,
        percentToSigma: share => levelOf(sampling, sampling.percentToSigma(share)),
      },
      denoise: (x, level) => input.denoise(mix([signal(level), x]), flowSigma(level)),
      denoiseBoth: (x, level) => input.denoiseBoth(mix([signal(level), x]), flowSigma(level)),
      noise: {
        ...noise,
        brownian() {
          const draw = noise.brownian()
          return (from, to) => draw(flowSigma(from), flowSigma(to))
        },
      },
    })
  }

const ratio = (sigma: number): number => sigma / (1 - sigma)

/** A model's own σ as the noise level that samplers of `bySignalToNoise` see. */
export const levelOf = ({ prediction }: ModelSampling, sigma: number): number =>
  prediction === 'flow' ? ratio(sigma) : sigma

/** Takes the first sampler for flows and the second for all else. */
export const forFlows =
  (flow: Sampler, other: Sampler): Sampler =>
  input =>
    isFlow(input) ? flow(input) : other(input)

/** One step to the lower σ `down`, before noise is put back. */
type Step = (
  input: SamplerInput,
  x: Latents,
  denoised: Latents,
  sigma: number,
  down: number,
) => Latents | Promise<Latents>

/** Steps below the next σ and renews as much noise as leads back to it. */
const ancestral =
  (move: Step, { eta = 1, noiseScale = 1 }: NoiseOptions): Sampler =>
  async input => {
    const { sigmas, denoise, noise, step } = input
    const steps = sigmas.length - 1
    let { x } = input
    for (let i = 0; i < steps; i++) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const denoised = await denoise(x, sigma)
      const down = next * (1 + (next / sigma - 1) * eta)
      if (next === 0) x = denoised
      else {
        const kept = (1 - next) / (1 - down)
        const renewed = Math.sqrt(Math.max(next ** 2 - (down * kept) ** 2, 0))
        const moved = mix([kept, await move(input, x, denoised, sigma, down)])
        x = eta > 0 ? addNoise(moved, renewed * noiseScale, noise.gaussian) : moved
      }
      await step(i + 1, steps, denoised)
    }
    return x
  }

export const eulerAncestralFlow = (options: NoiseOptions): Sampler =>
  ancestral((_, x, denoised, sigma, down) => eulerStep(x, denoised, sigma, down), options)

export const dpm2AncestralFlow = (options: NoiseOptions): Sampler =>
  ancestral(async ({ denoise }, x, denoised, sigma, down) => {
    const middle = Math.sqrt(sigma * down)
    const halfway = eulerStep(x, denoised, sigma, middle)
    const slope = derivative(halfway, await denoise(halfway, middle), middle)
    return mix([1, x], [down - sigma, slope])
  }, options)

export const dpmpp2sAncestralFlow = (options: NoiseOptions): Sampler =>
  ancestral(async ({ denoise }, x, denoised, sigma, down) => {
    // Half of the way in ln((1 − σ)/σ), which at σ = 1 has no bound.
    const middle = sigma === 1 ? 0.9999 : f32(geometricMiddle(sigma, down))
    const halfway = eulerStep(x, denoised, sigma, middle)
    return eulerStep(x, await denoise(halfway, middle), sigma, down)
  }, options)

function geometricMiddle(sigma: number, down: number): number {
  const level = Math.sqrt(ratio(sigma) * ratio(down))
  return level / (1 + level)
}
