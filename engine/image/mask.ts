// Masks are [B,H,W] in 0..1.
import { type Tensor, tensor } from '../tensor.ts'
import { kernels } from './kernels/index.ts'
import { imageShape, maskShape, newMask } from './shape.ts'

/** Every value changed alone; the shape stays. */
export function mapTensor(source: Tensor, change: (value: number) => number): Tensor {
  const out = tensor(source.shape)
  const { data } = source
  for (let i = 0; i < data.length; i++) out.data[i] = change(data[i]!)
  return out
}

/** 1 − x for images and masks alike. */
export function invert(source: Tensor): Tensor {
  const out = tensor(source.shape)
  kernels.invert(source.data, out.data)
  return out
}

/** One channel of an image as a mask. */
export function channelOf(image: Tensor, channel: number): Tensor {
  const { batch, height, width, channels } = imageShape(image)
  const out = newMask(batch, height, width)
  for (let i = 0, from = channel; i < out.data.length; i++, from += channels)
    out.data[i] = image.data[from]!
  return out
}

/** A mask as a grey image with three channels. */
export function maskToImage(mask: Tensor): Tensor {
  const { batch, height, width } = maskShape(mask)
  const out = tensor([batch, height, width, 3])
  for (let i = 0, at = 0; i < mask.data.length; i++) {
    const value = mask.data[i]!
    out.data[at++] = value
    out.data[at++] = value
    out.data[at++] = value
  }
  return out
}

export function cropMask(
  mask: Tensor,
  x: number,
  y: number,
  width: number,
  height: number,
): Tensor {
  const { batch, height: h, width: w } = maskShape(mask)
  const [left, top] = [Math.min(x, w), Math.min(y, h)]
  const [right, bottom] = [Math.min(x + width, w), Math.min(y + height, h)]
  if (right <= left || bottom <= top)
    throw new RangeError(
      `The crop at ${x}, ${y} lies outside the mask, which is ${w} × ${h}. Move it inside.`,
    )
  const out = newMask(batch, bottom - top, right - left)
  let at = 0
  for (let b = 0; b < batch; b++)
    for (let row = top; row < bottom; row++, at += right - left) {
      const from = (b * h + row) * w
      out.data.set(mask.data.subarray(from + left, from + right), at)
    }
  return out
}

/** Grows (or with a negative step shrinks) a mask, one pixel a step, by a 3×3 cross or square. */
export function growMask(mask: Tensor, steps: number, tapered: boolean): Tensor {
  const { batch, height, width } = maskShape(mask)
  const plane = { height, width, channels: 1 }
  const size = height * width
  // Shrinking is growing the negative. Beyond the picture's size nothing changes any more.
  const shrinks = steps < 0
  const rounds = Math.min(Math.abs(steps), width + height)
  const out = tensor([batch, height, width])
  let spare: Float32Array = new Float32Array(size)
  for (let b = 0; b < batch; b++) {
    const whole = out.data.subarray(b * size, (b + 1) * size)
    const source = mask.data.subarray(b * size, (b + 1) * size)
    let grown: Float32Array = shrinks ? source.map(value => -value) : Float32Array.from(source)
    if (!tapered) kernels.dilate(grown, whole, plane, 2 * rounds + 1)
    else {
      for (let round = 0; round < rounds; round++) {
        kernels.growCross(grown, spare, plane)
        ;[grown, spare] = [spare, grown]
      }
      whole.set(grown)
    }
  }
  if (shrinks) for (let i = 0; i < out.data.length; i++) out.data[i] = -out.data[i]!
  return out
}

/** Fades a mask in from its edges, linearly over so many pixels each. */
export function featherMask(
  mask: Tensor,
  edges: { left: number; top: number; right: number; bottom: number },
): Tensor {
  const { batch, height, width } = maskShape(mask)
  const across = ramps(width, edges.left, edges.right)
  const down = ramps(height, edges.top, edges.bottom)
  const out = newMask(batch, height, width)
  for (let i = 0, row = 0; row < batch * height; row++)
    for (let x = 0; x < width; x++, i++)
      out.data[i] = mask.data[i]! * across[x]! * down[row % height]!
  return out
}

/**
 * The factor of each column (or row). ComfyUI counts the far edge from its negative index, so its
 * ramp begins at index 0 and not at the last pixel; workflows depend on the picture, so we do too.
 */
function ramps(length: number, near: number, far: number): Float32Array {
  const factors = new Float32Array(length).fill(1)
  near = Math.min(near, length)
  far = Math.min(far, length)
  for (let i = 0; i < near; i++) factors[i] = factors[i]! * ((i + 1) / near)
  for (let i = 0; i < far; i++) {
    const at = (length - i) % length
    factors[at] = factors[at]! * ((i + 1) / far)
  }
  return factors
}

export const maskOperations = ['multiply', 'add', 'subtract', 'and', 'or', 'xor'] as const
export type MaskOperation = (typeof maskOperations)[number]

const bit = (value: number): boolean => value > 0.5
const combine: Record<MaskOperation, (destination: number, source: number) => number> = {
  multiply: (d, s) => d * s,
  add: (d, s) => d + s,
  subtract: (d, s) => d - s,
  and: (d, s) => Number(bit(d) && bit(s)),
  or: (d, s) => Number(bit(d) || bit(s)),
  xor: (d, s) => Number(bit(d) !== bit(s)),
}

/** Lays `source` on `destination` at x, y; what hangs over is left out. The result is clipped to 0..1. */
export function compositeMasks(
  destination: Tensor,
  source: Tensor,
  x: number,
  y: number,
  operation: MaskOperation,
): Tensor {
  const { batch, height, width } = maskShape(destination)
  const from = maskShape(source)
  const apply = combine[operation]
  const out = tensor([batch, height, width], Float32Array.from(destination.data))
  const right = Math.min(width, x + from.width)
  const bottom = Math.min(height, y + from.height)
  for (let b = 0; b < batch; b++)
    for (let row = y; row < bottom; row++) {
      const sourceRow = ((b % from.batch) * from.height + row - y) * from.width - x
      for (let column = x; column < right; column++) {
        const at = (b * height + row) * width + column
        out.data[at] = apply(out.data[at]!, source.data[sourceRow + column]!)
      }
    }
  return mapTensor(out, value => Math.min(1, Math.max(0, value)))
}
