// Between a sampler's latent x = x0 + σ·noise and what a network takes and answers.
import type { ModelSampling, Prediction } from '../models/kinds.ts'

type Scales = (
  sigma: number,
  sampling: ModelSampling,
) => {
  /** What x is multiplied by before the network sees it. */
  input: number
  /** x0 = skip · x + output · answer */
  skip: number
  output: number
}

const { fround: f32, sqrt } = Math
/** Standard deviation of the data that EDM networks were trained on. */
const edmData = 0.5

/** https://arxiv.org/abs/2206.00364, table 1; flow: https://arxiv.org/abs/2403.03206 */
const scales: Record<Prediction, Scales> = {
  epsilon: sigma => ({ input: 1 / sqrt(sigma ** 2 + 1), skip: 1, output: -sigma }),
  v: sigma => {
    const unit = sqrt(sigma ** 2 + 1)
    return { input: 1 / unit, skip: 1 / unit ** 2, output: -sigma / unit }
  },
  edm: sigma => {
    const total = sqrt(sigma ** 2 + edmData ** 2)
    return {
      input: 1 / total,
      skip: (edmData / total) ** 2,
      output: (sigma * edmData) / total,
    }
  },
  flow: sigma => ({ input: 1, skip: 1, output: -sigma }),
  x0: sigma => ({ input: 1 / sqrt(sigma ** 2 + 1), skip: 0, output: 1 }),
  img2img: () => ({ input: 1, skip: 0, output: 1 }),
  // https://arxiv.org/abs/2310.04378, equation 9: near x at the last timesteps, x0 before.
  lcm: (sigma, sampling) => {
    const time = 10 * sampling.timestep(sigma)
    const total = sqrt(time ** 2 + edmData ** 2)
    const share = time / total
    return {
      input: 1 / sqrt(sigma ** 2 + 1),
      skip: share + (edmData / total) ** 2,
      output: -share * sigma,
    }
  },
}

/** How a network with this schedule is asked and read at `sigma`. */
export const scalesAt = (sampling: ModelSampling, sigma: number): ReturnType<Scales> =>
  scales[sampling.prediction](sigma, sampling)

/**
 * A latent at noise level `sigma`. At a run's start on the schedule's first σ a discrete model was
 * trained on pure noise of variance 1 + σ², so `whole` scales it so.
 */
export function noised(
  sampling: ModelSampling,
  latent: Float32Array,
  noise: Float32Array,
  sigma: number,
  whole = false,
): Float32Array {
  const flow = sampling.prediction === 'flow'
  const keep = flow ? f32(1 - sigma) : 1
  const add = whole && !flow ? f32(sqrt(f32(1 + f32(sigma ** 2)))) : sigma
  return latent.map((value, i) => f32(keep * value) + f32(add * noise[i]!))
}

/** Undoes the latent's part of `noised` after the last step. */
export const unscaled = (
  sampling: ModelSampling,
  latent: Float32Array,
  sigma: number,
): Float32Array =>
  sampling.prediction === 'flow' && sigma > 0 ? latent.map(value => value / (1 - sigma)) : latent

/** Whether a run starts where the model's own schedule starts. */
export function startsWhole({ sigmaMax }: ModelSampling, sigma: number): boolean {
  return sigma > sigmaMax || Math.abs(sigmaMax - sigma) <= 1e-5 * Math.max(sigmaMax, sigma)
}
