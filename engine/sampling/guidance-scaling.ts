// Patches that keep classifier-free guidance from growing too strong: they rescale what comes out.
// All work on each image of a batch alone.
import type { ModelSampling, Weakening } from '../models/kinds.ts'
import { sizeOf } from '../tensor.ts'
import type { GuidancePatch } from './model-patches.ts'

/** Calls `each` with the range of every image in data of `shape` [B,…]. */
export function forImages(
  shape: readonly number[],
  each: (from: number, to: number) => void,
): void {
  const size = sizeOf(shape.slice(1))
  for (let image = 0; image < shape[0]!; image++) each(image * size, (image + 1) * size)
}

export function lengthOf(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

function deviationOf(values: Float32Array): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1))
}

/** x0 → the network's velocity at noise level σ, and back. */
const velocity = (sigma: number) => {
  const unit = Math.sqrt(sigma ** 2 + 1)
  return {
    of: (x: number, x0: number) => ((x / unit ** 2 - x0) * unit) / sigma,
    x0: (x: number, v: number) => x / unit ** 2 - (v * sigma) / unit,
  }
}

/**
 * Gives the guided velocity the deviation of the positive one, by the share `multiplier`.
 * https://arxiv.org/abs/2305.08891, section 3.4
 */
export const rescaleCfg =
  (multiplier: number): GuidancePatch =>
  () => ({
    combine({ cond, uncond }, { x, sigma }, cfg) {
      const { of, x0 } = velocity(sigma)
      const asVelocity = (guess: Float32Array) => guess.map((value, i) => of(x.data[i]!, value))
      const [towards, from] = [asVelocity(cond), asVelocity(uncond)]
      const guided = towards.map((value, i) => from[i]! + cfg * (value - from[i]!))
      forImages(x.shape, (start, end) => {
        const own = guided.subarray(start, end)
        const ratio = deviationOf(towards.subarray(start, end)) / deviationOf(own)
        const factor = multiplier * ratio + 1 - multiplier
        own.forEach((value, i) => {
          own[i] = value * factor
        })
      })
      return guided.map((value, i) => x0(x.data[i]!, value))
    },
  })

/** Holds every pixel vector to the length that it has without guidance, times `strength`. */
export const cfgNorm =
  (strength: number): GuidancePatch =>
  () => ({
    after(denoised, { cond }, { x: { shape } }) {
      const channels = shape[1]!
      const size = sizeOf(shape.slice(2))
      const out = Float32Array.from(denoised)
      forImages(shape, from => {
        for (let pixel = 0; pixel < size; pixel++) {
          let [wanted, guided] = [0, 0]
          for (let at = from + pixel, c = 0; c < channels; c++, at += size) {
            wanted += cond[at]! ** 2
            guided += denoised[at]! ** 2
          }
          const scale = Math.min(Math.sqrt(wanted) / (Math.sqrt(guided) + 1e-8), 1) * strength
          for (let at = from + pixel, c = 0; c < channels; c++, at += size) out[at]! *= scale
        }
      })
      return out
    },
  })

/**
 * Guidance only below σ = `truncate`, and never longer than `renorm` times the positive answer
 * (0: no limit). https://github.com/Alpha-VLLM/Lumina-Image-2.0 (Apache-2.0)
 */
export const renormCfg =
  (truncate: number, renorm: number): GuidancePatch =>
  () => ({
    combine({ cond, uncond }, { x, sigma }, cfg) {
      if (sigma >= truncate) return cond
      const out = cond.map((value, i) => uncond[i]! + cfg * (value - uncond[i]!))
      if (renorm > 0)
        forImages(x.shape, (from, to) => {
          const own = out.subarray(from, to)
          const longest = lengthOf(cond.subarray(from, to)) * renorm
          const length = lengthOf(own)
          if (length < longest || length === 0) return
          own.forEach((value, i) => {
            own[i] = (value * longest) / length
          })
        })
      return out
    },
  })

/** Divides the noise that is predicted, against the error that adds up. https://arxiv.org/abs/2308.15321 */
export const epsilonScaling =
  (factor: number): GuidancePatch =>
  () => ({
    after: (denoised, _, { x }) =>
      denoised.map((value, i) => x.data[i]! - (x.data[i]! - value) / factor),
  })

/** Away from the picture that the network draws without self-attention. https://arxiv.org/abs/2403.17377 */
export const perturbedAttention =
  (scale: number): GuidancePatch =>
  () => ({
    async after(denoised, { cond }, moment) {
      if (scale === 0) return denoised
      const worse = await moment.askWeakened({ middleAttention: true })
      return denoised.map((value, i) => value + (cond[i]! - worse[i]!) * scale)
    },
  })

export interface SkipGuidance {
  without: Weakening
  scale: number
  /** Share by which the result gets the deviation of the positive answer. */
  rescaling?: number
  /** Of noise levels: while start ≥ σ ≥ end. */
  range: { start: number; end: number }
}

/** Away from the picture that a transformer draws without some blocks. https://arxiv.org/abs/2411.18664 */
export const skipLayers =
  ({ without, scale, rescaling = 0, range }: SkipGuidance): GuidancePatch =>
  () => ({
    async after(denoised, { cond }, moment) {
      if (scale === 0 || moment.sigma > range.start || moment.sigma < range.end) return denoised
      const worse = await moment.askWeakened(without)
      const guided = denoised.map((value, i) => value + (cond[i]! - worse[i]!) * scale)
      if (rescaling === 0) return guided
      const factor = rescaling * (deviationOf(cond) / deviationOf(guided)) + 1 - rescaling
      return guided.map(value => value * factor)
    },
  })

/** The negative answer itself from a transformer without some blocks, within a range. */
export const skipLayersOfNegative =
  ({ without, range }: Pick<SkipGuidance, 'without' | 'range'>): GuidancePatch =>
  () => ({
    async before({ cond, uncond }, moment) {
      if (!uncond || moment.sigma > range.start || moment.sigma < range.end) return { cond, uncond }
      return { cond, uncond: await moment.negative.ask(moment.x, without) }
    },
  })

/** Soft inpainting: how white the mask is says from which step on a place is kept. */
export const differentialMask =
  (strength: number) =>
  (
    mask: Float32Array,
    { sigma, sigmas, sampling }: { sigma: number; sigmas: Float32Array; sampling: ModelSampling },
  ): Float32Array => {
    const from = sampling.timestep(sigmas[0]!)
    const to = sampling.timestep(Math.max(sigmas.at(-1)!, sampling.sigmaMin))
    // In float32, as the mask is: a threshold of 0.7 lets 0.7 pass.
    const threshold = Math.fround((sampling.timestep(sigma) - to) / (from - to))
    return mask.map(value => {
      const hard = value >= threshold ? 1 : 0
      return strength > 0 && strength < 1 ? strength * hard + (1 - strength) * value : hard
    })
  }
