// Patches that take directions apart: what of the positive and the negative answer points the same
// way is treated otherwise than what does not. Directions are of each whole image.
import type { Conditioning } from '../models/kinds.ts'
import { tensor } from '../tensor.ts'
import { forImages, lengthOf } from './guidance-scaling.ts'
import { perpNeg } from './guiders.ts'
import type { LatentOperation } from './latent-operations.ts'
import type { GuidancePatch } from './model-patches.ts'

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** CFG-Zero*: the negative is first brought to the length that fits the positive best.
 * https://arxiv.org/abs/2503.18886 */
export const cfgZeroStar: GuidancePatch = () => ({
  after(denoised, { cond, uncond }, { x }, cfg) {
    const out = Float32Array.from(denoised)
    const away = (guess: Float32Array, from: number, to: number) =>
      guess.subarray(from, to).map((value, i) => x.data[from + i]! - value)
    forImages(x.shape, (from, to) => {
      const [positive, negative] = [away(cond, from, to), away(uncond, from, to)]
      const scale = dot(positive, negative) / (dot(negative, negative) + 1e-8)
      for (let i = from; i < to; i++) out[i]! += uncond[i]! * (scale - 1) * (1 - cfg)
    })
    return out
  },
})

/**
 * Tangential damping: of the negative only what lies along the main direction that it shares with
 * the positive is kept. https://arxiv.org/abs/2503.18137
 */
export const tangentialDamping: GuidancePatch = () => ({
  before({ cond, uncond }, { x }) {
    if (!uncond) return { cond }
    const damped = Float32Array.from(uncond)
    forImages(x.shape, (from, to) => {
      const score = (guess: Float32Array) =>
        guess.subarray(from, to).map((value, i) => x.data[from + i]! - value)
      const [negative, positive] = [score(uncond), score(cond)]
      const [a, b] = mainAxis(
        dot(negative, negative),
        dot(negative, positive),
        dot(positive, positive),
      )
      const axis = negative.map((value, i) => a * value + b * positive[i]!)
      const square = dot(axis, axis)
      const along = square > 0 ? dot(negative, axis) / square : 0
      for (let i = from; i < to; i++) damped[i] = x.data[i]! - along * axis[i - from]!
    })
    return { cond, uncond: damped }
  },
})

/** The eigenvector of [[aa, ab], [ab, bb]] with the larger eigenvalue: weights of the two rows. */
function mainAxis(aa: number, ab: number, bb: number): [number, number] {
  const angle = Math.atan2(2 * ab, aa - bb) / 2
  return [Math.cos(angle), Math.sin(angle)]
}

export interface ProjectedGuidance {
  /** How much counts of what points along the positive answer. */
  eta: number
  /** The longest that guidance may be; 0: no limit. */
  normThreshold: number
  /** Share of the last steps' guidance; below 0 against it. */
  momentum: number
}

/** Adaptive projected guidance. https://arxiv.org/abs/2410.02416, algorithm 1 */
export const adaptiveProjection =
  ({ eta, normThreshold, momentum }: ProjectedGuidance): GuidancePatch =>
  () => {
    let running: Float32Array | undefined
    let lastSigma = Number.POSITIVE_INFINITY
    return {
      before({ cond, uncond }, { x, sigma }, cfg) {
        if (!uncond) return { cond }
        if (sigma > lastSigma) running = undefined
        lastSigma = sigma
        const difference = cond.map((value, i) => value - uncond[i]!)
        if (momentum !== 0)
          running = difference.map((value, i) => value + momentum * (running?.[i] ?? 0))
        const guidance = Float32Array.from(running ?? difference)
        const changed = new Float32Array(cond.length)
        forImages(x.shape, (from, to) => {
          const [own, towards] = [guidance.subarray(from, to), cond.subarray(from, to)]
          const length = lengthOf(own)
          const scale = normThreshold > 0 && length > 0 ? Math.min(1, normThreshold / length) : 1
          const along = (scale * dot(own, towards)) / (dot(towards, towards) || 1)
          for (let i = from; i < to; i++) {
            const parallel = along * cond[i]!
            const orthogonal = scale * guidance[i]! - parallel
            changed[i] = uncond[i]! + orthogonal + eta * parallel + difference[i]! / cfg
          }
        })
        return { cond: changed, uncond }
      },
    }
  }

/** Mixes in the scaled positive answer the more, the less it and the guided one agree in direction. */
export const mahiro: GuidancePatch = () => ({
  after(denoised, { cond, uncond }, { x: { shape } }, cfg) {
    const root = (value: number) => Math.sign(value) * Math.sqrt(Math.abs(value))
    const negative = uncond.map(value => root(value * cfg))
    const merged = denoised.map((value, i) => root((cond[i]! * cfg + value) / 2))
    const similar = 2 * (meanCosine(negative, merged, shape) + 1)
    return denoised.map((value, i) => (similar * value + (4 - similar) * cond[i]! * cfg) / 4)
  },
})

/** Mean over the pixels of the cosine between their vectors over the channels. */
function meanCosine(a: Float32Array, b: Float32Array, shape: readonly number[]): number {
  const [batch, channels] = shape as [number, number]
  const size = a.length / (batch * channels)
  let sum = 0
  forImages(shape, from => {
    for (let pixel = 0; pixel < size; pixel++) {
      let [ab, aa, bb] = [0, 0, 0]
      for (let at = from + pixel, c = 0; c < channels; c++, at += size) {
        ab += a[at]! * b[at]!
        aa += a[at]! ** 2
        bb += b[at]! ** 2
      }
      sum += ab / Math.max(Math.sqrt(aa) * Math.sqrt(bb), 1e-8)
    }
  })
  return sum / (batch * size)
}

/** Perp-Neg as a patch of the model: `perpNegGuider` for samplers that take no guider. */
export const perpNegPatch =
  (empty: Conditioning, negativeScale: number): GuidancePatch =>
  () => ({
    needsNegative: true,
    combine: async (guesses, moment, cfg) =>
      perpNeg(guesses, await moment.ask(empty), cfg, negativeScale),
  })

/** Changes what guidance adds, or the answer itself where there is no negative. */
export const operationOnGuidance =
  (operation: LatentOperation): GuidancePatch =>
  () => ({
    before({ cond, uncond }, { x: { shape } }) {
      if (!uncond) return { cond: operation(tensor(shape, cond)).data }
      const difference = cond.map((value, i) => value - uncond[i]!)
      const changed = operation(tensor(shape, difference)).data
      return { cond: changed.map((value, i) => value + uncond[i]!), uncond }
    },
  })
