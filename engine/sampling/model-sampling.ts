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
  prediction: 'epsilon' | 'v',
  betas: Betas = sdBetas,
): ModelSampling {
  const exact = trainedSigmas(betas)
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

/** Index of the value nearest to `wanted`; the first of equals. */
function nearest(values: Float32Array, wanted: number): number {
  let best = 0
  for (let i = 1; i < values.length; i++)
    if (Math.abs(values[i]! - wanted) < Math.abs(values[best]! - wanted)) best = i
  return best
}
