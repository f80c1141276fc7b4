// Laying one picture over another through a mask.
import { type Tensor, tensor } from '../tensor.ts'
import { withChannels } from './batch.ts'
import { resizeImage, resizeMask } from './resize.ts'
import { imageShape, maskShape } from './shape.ts'

/**
 * `source` over `destination` at x, y where the mask is 1. The mask is stretched to the source; what
 * hangs over the edge is left out, and so is an alpha channel that the destination has not.
 */
export function compositeMasked(
  destination: Tensor,
  source: Tensor,
  x: number,
  y: number,
  options: { resizeSource?: boolean; mask?: Tensor } = {},
): Tensor {
  const { batch, height, width, channels } = imageShape(destination)
  source = withChannels(source, channels)
  if (options.resizeSource) source = resizeImage(source, width, height, 'bilinear')
  const from = imageShape(source)
  const mask = options.mask && resizeMask(options.mask, from.width, from.height)
  const masks = mask ? maskShape(mask).batch : 1
  const out = tensor(destination.shape, Float32Array.from(destination.data))
  const right = Math.min(width, x + from.width)
  const bottom = Math.min(height, y + from.height)
  for (let b = 0; b < batch; b++)
    for (let row = y; row < bottom; row++) {
      const sourceRow = ((b % from.batch) * from.height + row - y) * from.width - x
      const maskRow = ((b % masks) * from.height + row - y) * from.width - x
      for (let column = x; column < right; column++) {
        const weight = mask ? mask.data[maskRow + column]! : 1
        let at = ((b * height + row) * width + column) * channels
        let take = (sourceRow + column) * channels
        for (let c = 0; c < channels; c++, at++, take++)
          out.data[at] = weight * source.data[take]! + (1 - weight) * out.data[at]!
      }
    }
  return out
}

export const blendModes = [
  'normal',
  'multiply',
  'screen',
  'overlay',
  'soft_light',
  'difference',
] as const
export type BlendMode = (typeof blendModes)[number]

/** https://www.w3.org/TR/compositing-1/#blending, for a backdrop `a` and a source `b`. */
const blendings: Record<BlendMode, (a: number, b: number) => number> = {
  normal: (_, b) => b,
  multiply: (a, b) => a * b,
  screen: (a, b) => 1 - (1 - a) * (1 - b),
  overlay: (a, b) => (a <= 0.5 ? 2 * a * b : 1 - 2 * (1 - a) * (1 - b)),
  soft_light: (a, b) => {
    if (b <= 0.5) return a - (1 - 2 * b) * a * (1 - a)
    const lift = a <= 0.25 ? ((16 * a - 12) * a + 4) * a : Math.sqrt(a)
    return a + (2 * b - 1) * (lift - a)
  },
  difference: (a, b) => a - b,
}

/** Mixes `factor` of the blended picture into `a`, clipped to 0..1. Sizes and channels agree. */
export function blendImages(a: Tensor, b: Tensor, mode: BlendMode, factor: number): Tensor {
  const blend = blendings[mode]
  const [long, short] = [Math.max(a.data.length, b.data.length), b.data.length]
  const shape = a.data.length >= short ? a.shape : b.shape
  const out = tensor(shape)
  for (let i = 0; i < long; i++) {
    const under = a.data[i % a.data.length]!
    const value = under * (1 - factor) + blend(under, b.data[i % short]!) * factor
    out.data[i] = value < 0 ? 0 : Math.min(value, 1)
  }
  return out
}
