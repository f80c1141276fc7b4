// A noise mask keeps part of a latent: before each look the kept part is set to the original at the
// present noise level, after it to the original itself.
import { resizeMask } from '../image/resize.ts'
import type { ModelSampling } from '../models/kinds.ts'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { noised } from './denoiser.ts'

/** A noise mask at the latent's size for every value: 1 is made anew, 0 is kept. */
export function latentMask(mask: Tensor, shape: readonly number[]): Float32Array {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const [h, w] = mask.shape.slice(-2) as [number, number]
  const masks = sizeOf(mask.shape) / (h * w)
  const resized = resizeMask(tensor([masks, h, w], mask.data), width, height)
  const size = height * width
  const out = new Float32Array(sizeOf(shape))
  for (let plane = 0; plane < batch * channels; plane++) {
    const from = (Math.floor(plane / channels) % masks) * size
    out.set(resized.data.subarray(from, from + size), plane * size)
  }
  return out
}

export interface Kept {
  mask: Float32Array
  /** The original, scaled as the sampler sees it. */
  latent: Float32Array
  noise: Float32Array
}

/** What the network is shown. */
export function keepBefore(
  sampling: ModelSampling,
  { mask, latent, noise }: Kept,
  x: Float32Array,
  sigma: number,
): Float32Array {
  const original = noised(sampling, latent, noise, sigma)
  return x.map((value, i) => value * mask[i]! + original[i]! * (1 - mask[i]!))
}

/** What the sampler is told. */
export const keepAfter = ({ mask, latent }: Kept, denoised: Float32Array): Float32Array =>
  denoised.map((value, i) => value * mask[i]! + latent[i]! * (1 - mask[i]!))
