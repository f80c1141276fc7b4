// A picture of a latent in the making: a linear map from latent channels to colour.
import { encodePreview } from '../image/preview.ts'
import { resizePlanes } from '../image/resize.ts'
import type { LatentFormat } from '../models/kinds.ts'
import type { Preview } from '../nodes/define.ts'
import { type Tensor, tensor } from '../tensor.ts'

/** No oftener than this: a preview costs a JPEG and a message. */
export const previewIntervalMs = 250
/** Previews may take one part in so many of a run's time. */
export const previewShare = 20
/** Latent pixels along the longest side that a decoder gets: 256 image pixels. */
const decodedMax = 32

/** The first image of a scaled latent [B,C,h,w] as RGB bytes [h,w,3]. */
export function latentToRgb(
  { rgb, rgbBias = [0, 0, 0] }: LatentFormat,
  latent: Float32Array,
  pixels: number,
): Uint8Array {
  const out = new Uint8Array(pixels * 3)
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < 3; c++) {
      const value = rgb.reduce(
        (sum, factors, channel) => sum + factors[c]! * latent[channel * pixels + i]!,
        rgbBias[c]!,
      )
      out[i * 3 + c] = Math.min(Math.max(((value + 1) / 2) * 255, 0), 255)
    }
  return out
}

export function previewOf(
  format: LatentFormat,
  latent: Float32Array,
  width: number,
  height: number,
): Promise<Preview> {
  return encodePreview(latentToRgb(format, latent, width * height), width, height)
}

/** The same by a decoder, such as a tiny autoencoder, from a latent made small. */
export async function decodedPreview(
  { channels, scale, shift }: LatentFormat,
  decode: (samples: Tensor) => Promise<Tensor>,
  latent: Float32Array,
  width: number,
  height: number,
): Promise<Preview> {
  const first = latent.subarray(0, channels * width * height).map(value => value / scale + shift)
  const shrink = Math.min(1, decodedMax / Math.max(width, height))
  const [toWidth, toHeight] = [width, height].map(size => Math.max(1, Math.round(size * shrink)))
  const whole = tensor([1, channels, height, width], first)
  const small = shrink < 1 ? resizePlanes(whole, toWidth!, toHeight!, 'area') : whole
  const { data, shape } = await decode(small)
  const bytes = Uint8Array.from(data, value => value * 255)
  return encodePreview(bytes, shape[2]!, shape[1]!)
}
