// Schedules over a continuous range of noise levels, for networks that take ln σ or an angle as the
// time. https://arxiv.org/abs/2206.00364
import type { ModelSampling, Prediction } from '../models/kinds.ts'
import { linspace } from './sigma-lists.ts'

const f32 = Math.fround
/** σ of "before any noise was removed", as conditioning ranges say it. */
const beforeStart = 999_999_999.9
/** How finely the range is cut where a schedule wants a list. */
const listed = 1000

export interface ContinuousOptions {
  prediction: Prediction
  sigmaMin: number
  sigmaMax: number
}

/** Time is ln σ / 4. */
export const continuousEdm = (options: ContinuousOptions): ModelSampling =>
  continuous(options, {
    timestep: sigma => f32(0.25 * f32(Math.log(sigma))),
    sigma: timestep => f32(Math.exp(f32(timestep / 0.25))),
  })

/** Time is the angle between picture and noise, 0..1. https://arxiv.org/abs/2202.00512 */
export const continuousV = (options: ContinuousOptions): ModelSampling =>
  continuous(options, {
    timestep: sigma => f32((f32(Math.atan(sigma)) / Math.PI) * 2),
    sigma: timestep => f32(Math.tan(f32(timestep * Math.PI) / 2)),
  })

function continuous(
  { prediction, sigmaMin, sigmaMax }: ContinuousOptions,
  time: Pick<ModelSampling, 'timestep' | 'sigma'>,
): ModelSampling {
  if (!(sigmaMin > 0 && sigmaMax > sigmaMin))
    throw new Error(
      `sigma_min must be above 0 and below sigma_max; they are ${sigmaMin} and ${sigmaMax}.`,
    )
  const [low, high] = [Math.log(sigmaMin), Math.log(sigmaMax)]
  const sigmas = Float32Array.from(linspace(low, high, listed), Math.exp)
  return {
    prediction,
    sigmas,
    sigmaMin: sigmas[0]!,
    sigmaMax: sigmas.at(-1)!,
    ...time,
    percentToSigma: percent =>
      percent <= 0 ? beforeStart : percent >= 1 ? 0 : Math.exp((high - low) * (1 - percent) + low),
  }
}
