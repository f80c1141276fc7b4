// The noise schedule a network was trained on, in float32 as PyTorch computes it.
import type { ModelSampling } from '../models/kinds.ts'

const f32 = Math.fround

export interface Betas {
  start: number
  end: number
  schedule: 'scaled_linear' | 'linear'
  timesteps: number
}

/** Stable Diffusion's own. */
const sdBetas: Betas = { start: 0.00085, end: 0.012, schedule: 'scaled_linear', timesteps: 1000 }

/** σ of "before any noise was removed", as conditioning ranges say it. */
const beforeStart = 999_999_999.9

/** σ² = (1 − ᾱ) / ᾱ with ᾱ the running product of 1 − β. */
function trainedSigmas({ start, end, schedule, timesteps }: Betas): Float64Array {
  const power = schedule === 'scaled_linear' ? 2 : 1
  const [from, to] = [start ** (1 / power), end ** (1 / power)]
  let product = 1
  return Float64Array.from({ length: timesteps }, (_, i) => {
    product *= 1 - (from + ((to - from) * i) / (timesteps - 1)) ** power
    return Math.sqrt((1 - product) / product)
  })
}

/**
 * A DDPM schedule of discrete timesteps (SD1, SD2, SDXL).
 * https://arxiv.org/abs/2006.11239, read as sigmas after https://arxiv.org/abs/2206.00364
 */
export function discreteSampling(
  prediction: ModelSampling['prediction'],
  betas: Betas = sdBetas,
): ModelSampling {
  return scheduleOf(prediction, trainedSigmas(betas))
}

/** Timesteps that a consistency model was distilled from. https://arxiv.org/abs/2310.04378 */
const distilledSteps = 50

/** Every twentieth timestep of a schedule, which is all that a consistency model knows. */
export function distilled({ prediction, sigmas }: ModelSampling): ModelSampling {
  const stride = sigmas.length / distilledSteps
  const kept = Array.from({ length: distilledSteps }, (_, i) => sigmas[(i + 1) * stride - 1]!)
  const own = scheduleOf(prediction, kept)
  return {
    ...own,
    timestep: sigma => own.timestep(sigma) * stride + stride - 1,
    sigma: timestep => own.sigma((timestep - (stride - 1)) / stride),
    percentToSigma: percent =>
      percent <= 0 || percent >= 1
        ? own.percentToSigma(percent)
        : own.sigma(((1 - percent) * 999 - (stride - 1)) / stride),
  }
}

/** ᾱ of the last timestep, in place of a 0 that would make σ infinite. */
const lastAlpha = 4.8973451890853435e-8

/**
 * A discrete schedule stretched until nothing of the picture is left at its end, as networks that
 * draw from pure noise were trained. https://arxiv.org/abs/2305.08891, algorithm 1
 */
export function zeroTerminal({ prediction, sigmas }: ModelSampling): ModelSampling {
  const roots = Float32Array.from(sigmas, sigma => Math.sqrt(f32(1 / f32(f32(sigma ** 2) + 1))))
  const [first, end] = [roots[0]!, roots.at(-1)!]
  const alphas = roots.map(root => f32(f32(root - end) * f32(first / f32(first - end))) ** 2)
  alphas[alphas.length - 1] = lastAlpha
  return scheduleOf(
    prediction,
    alphas.map(alpha => Math.sqrt(f32((1 - alpha) / alpha))),
  )
}

function scheduleOf(
  prediction: ModelSampling['prediction'],
  exact: ArrayLike<number>,
): ModelSampling {
  const sigmas = Float32Array.from(exact)
  const logSigmas = sigmas.map((_, i) => Math.log(exact[i]!))
  const last = sigmas.length - 1

  const sigma = (timestep: number): number => {
    const t = f32(Math.min(Math.max(timestep, 0), last))
    const low = Math.floor(t)
    const share = f32(t - low)
    const mixed = f32(f32(f32(1 - share) * logSigmas[low]!) + f32(share * logSigmas[Math.ceil(t)]!))
    return f32(Math.exp(mixed))
  }

  return {
    prediction,
    sigmas,
    sigmaMin: sigmas[0]!,
    sigmaMax: sigmas[last]!,
    timestep: value => nearest(logSigmas, f32(Math.log(value))),
    sigma,
    percentToSigma: percent =>
      percent <= 0 ? beforeStart : percent >= 1 ? 0 : sigma((1 - percent) * 999),
  }
}

/** The σ that a step's own is compared with: in float32, as both are in torch. Equals are common. */
export const boundAt = (sampling: ModelSampling, percent: number): number =>
  f32(sampling.percentToSigma(percent))

/** Index of the value nearest to `wanted`; the first of equals. */
function nearest(values: Float32Array, wanted: number): number {
  let best = 0
  for (let i = 1; i < values.length; i++)
    if (Math.abs(values[i]! - wanted) < Math.abs(values[best]! - wanted)) best = i
  return best
}
