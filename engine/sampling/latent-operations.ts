// LATENT_OPERATION: what may be done to a latent as to a picture. Pixels are vectors over the
// channels; their length stands for brightness.
import { gaussian } from '../image/blur.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { latentShape } from './latents.ts'

/** [B,C,h,w] → the same shape. */
export type LatentOperation = (latent: Tensor) => Tensor

/** Lengths of the pixel vectors, [B·h·w]. */
function lengthsOf(latent: Tensor): Float32Array {
  const { batch, channels, height, width } = latentShape(latent)
  const size = height * width
  return Float32Array.from({ length: batch * size }, (_, i) => {
    const [image, pixel] = [Math.floor(i / size), i % size]
    let sum = 0
    for (let c = 0; c < channels; c++)
      sum += latent.data[(image * channels + c) * size + pixel]! ** 2
    return Math.sqrt(sum)
  })
}

/** Each pixel vector times its factor, [B·h·w]. */
function lengthened(latent: Tensor, factors: Float32Array): Tensor {
  const { channels, height, width } = latentShape(latent)
  const size = height * width
  const place = (i: number) => Math.floor(i / (channels * size)) * size + (i % size)
  return tensor(
    latent.shape,
    latent.data.map((value, i) => value * factors[place(i)]!),
  )
}

/**
 * Reinhard's tone mapping: strong pixels are held back, so that a high cfg does not burn. What counts
 * as strong is `multiplier` times the mean length plus five deviations.
 * https://doi.org/10.1145/566654.566575, equation 3
 */
export const tonemapReinhard =
  (multiplier: number): LatentOperation =>
  latent => {
    const { batch, height, width } = latentShape(latent)
    const size = height * width
    const lengths = lengthsOf(latent).map(length => length + 1e-10)
    const factors = new Float32Array(lengths.length)
    for (let image = 0; image < batch; image++) {
      const own = lengths.subarray(image * size, (image + 1) * size)
      const mean = own.reduce((sum, v) => sum + v, 0) / size
      const deviation = Math.sqrt(own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (size - 1))
      const top = (deviation * 5 + mean) * multiplier
      // length · factor = top · l / (1 + l) with l = length / top
      own.forEach((length, i) => {
        factors[image * size + i] = top / (top + length)
      })
    }
    return lengthened(latent, factors)
  }

/** An unsharp mask over the directions of the pixel vectors; their lengths stay. */
export const sharpenLatent =
  (radius: number, sigma: number, alpha: number): LatentOperation =>
  latent => {
    const { batch, channels, height, width } = latentShape(latent)
    if (radius >= Math.min(height, width))
      throw new Error(
        `A sharpening radius of ${radius} does not fit a latent of ${width} × ${height}. ` +
          'Choose a radius below the shorter side.',
      )
    const lengths = lengthsOf(latent).map(length => length + 1e-6)
    const directions = lengthened(
      latent,
      lengths.map(length => 1 / length),
    )
    const kernel = gaussian(radius, sigma)
    const out = tensor(latent.shape)
    const size = height * width
    for (let plane = 0; plane < batch * channels; plane++) {
      const from = directions.data.subarray(plane * size, (plane + 1) * size)
      const blurred = blurPlane(from, height, width, kernel)
      for (let i = 0; i < size; i++)
        out.data[plane * size + i] = from[i]! + 10 * alpha * (from[i]! - blurred[i]!)
    }
    return lengthened(out, lengths)
  }

/** Separable; edges reflect without repeating. */
function blurPlane(
  plane: Float32Array,
  height: number,
  width: number,
  kernel: Float32Array,
): Float64Array {
  const radius = (kernel.length - 1) / 2
  const inside = (i: number, length: number) =>
    i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i
  const across = new Float64Array(plane.length)
  const out = new Float64Array(plane.length)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let k = -radius; k <= radius; k++)
        across[y * width + x]! += kernel[k + radius]! * plane[y * width + inside(x + k, width)]!
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let k = -radius; k <= radius; k++)
        out[y * width + x]! += kernel[k + radius]! * across[inside(y + k, height) * width + x]!
  return out
}
