// Pictures made ready for inpainting without an inpainting model: what will be drawn anew is grey
// to the encoder, and the noise mask reaches a little further than the mask.

import { cropMask, invert } from '../image/mask.ts'
import { cropImage, resizeCovering, resizeMask, roundHalfEven } from '../image/resize.ts'
import { imageShape } from '../image/shape.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { maskBatch } from './latents.ts'

const multiple = 8

/**
 * `pixels` are grey where they will be drawn anew, `original` and `mask` only cut to size.
 * @param grow side of the square by which the noise mask is widened, in pixels; 0 leaves it as it is.
 */
export function prepareInpaint(
  image: Tensor,
  mask: Tensor,
  grow: number,
): { pixels: Tensor; noiseMask: Tensor; original: Tensor; mask: Tensor } {
  const { batch, width, height, channels } = imageShape(image)
  const cut = (side: number) => ({
    start: Math.floor((side % multiple) / 2),
    length: Math.floor(side / multiple) * multiple,
  })
  const [x, y] = [cut(width), cut(height)]
  const whole = resizeMask(maskBatch(mask), width, height)
  const fitted = cropMask(whole, x.start, y.start, x.length, y.length)
  const pixels = cropImage(image, x.start, y.start, x.length, y.length)

  const masks = fitted.shape[0]!
  const grey = tensor(pixels.shape, Float32Array.from(pixels.data))
  const area = x.length * y.length
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < area; i++) {
      const keep = 1 - roundHalfEven(fitted.data[(b % masks) * area + i]!)
      for (let c = 0; c < Math.min(channels, 3); c++) {
        const at = (b * area + i) * channels + c
        grey.data[at] = (pixels.data[at]! - 0.5) * keep + 0.5
      }
    }
  const noiseMask = grow > 0 ? widen(fitted, grow) : rounded(fitted)
  return { pixels: grey, noiseMask, original: pixels, mask: fitted }
}

const rounded = (mask: Tensor): Tensor => tensor(mask.shape, mask.data.map(roundHalfEven))

/** 1 wherever a `size` × `size` square around the pixel meets the mask. */
function widen(mask: Tensor, size: number): Tensor {
  const [masks, height, width] = mask.shape as [number, number, number]
  const before = Math.ceil((size - 1) / 2)
  const source = rounded(mask).data
  const across = new Float32Array(source.length)
  const out = new Float32Array(source.length)
  for (let line = 0; line < masks * height; line++)
    spread(source, across, line * width, 1, width, before, size)
  for (let m = 0; m < masks; m++)
    for (let column = 0; column < width; column++)
      spread(across, out, m * width * height + column, width, height, before, size)
  return tensor(mask.shape, out)
}

/** One line: 1 where any of the `size` places from `before` places ahead on is set. */
function spread(
  from: Float32Array,
  to: Float32Array,
  start: number,
  stride: number,
  length: number,
  before: number,
  size: number,
): void {
  let last = Number.NEGATIVE_INFINITY
  // Walks a window whose right end is `right`; `last` is the newest set place in it.
  for (let right = 0; right < length + before; right++) {
    if (right < length && from[start + right * stride]! > 0) last = right
    const at = right - (size - 1 - before)
    if (at >= 0 && at < length) to[start + at * stride] = last >= at - before ? 1 : 0
  }
}

/**
 * For ControlNets that inpaint: the picture, black where it will be drawn anew, and what is kept of
 * it as a mask [B,H,W] of its own size.
 */
export function withoutMasked(image: Tensor, mask: Tensor): { image: Tensor; keep: Tensor } {
  const { width, height, channels } = imageShape(image)
  const keep = invert(maskBatch(mask))
  const planes = tensor([...keep.shape, 1], keep.data)
  const fitted = resizeCovering(planes, width, height, 'bilinear').data.map(roundHalfEven)
  const shown = image.data.map(
    (value, i) => value * fitted[Math.floor(i / channels) % fitted.length]!,
  )
  return { image: tensor(image.shape, shown), keep }
}
