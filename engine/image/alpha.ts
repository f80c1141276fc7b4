// Pictures with transparency: IMAGE [B,H,W,4].
import { type Tensor, tensor } from '../tensor.ts'
import { resizeMask } from './resize.ts'
import { imageShape, maskShape } from './shape.ts'

/** Sets the alpha channel; `alpha` is stretched to the picture, the shorter batch decides. */
export function joinAlpha(image: Tensor, alpha: Tensor): Tensor {
  const { batch: pictures, height, width, channels } = imageShape(image)
  const batch = Math.min(pictures, maskShape(alpha).batch)
  const fitted = resizeMask(alpha, width, height)
  const out = tensor([batch, height, width, 4])
  for (let p = 0, from = 0, at = 0; p < batch * height * width; p++, from += channels) {
    for (let c = 0; c < 3; c++) out.data[at++] = image.data[from + Math.min(c, channels - 1)]!
    out.data[at++] = fitted.data[p]!
  }
  return out
}
