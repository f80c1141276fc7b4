// A picture of a latent in the making: a linear map from latent channels to colour.
import { encodePreview } from '../image/preview.ts'
import type { LatentFormat } from '../models/kinds.ts'
import type { Preview } from '../nodes/define.ts'

/** No oftener than this: a preview costs a JPEG and a message. */
export const previewIntervalMs = 250

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
