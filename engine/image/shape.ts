// Reading shapes: IMAGE is [B,H,W,C], MASK is [B,H,W] or, from some nodes, [H,W].
import { type Tensor, tensor } from '../tensor.ts'

export interface ImageShape {
  batch: number
  height: number
  width: number
  channels: number
}

export function imageShape({ shape }: Tensor): ImageShape {
  if (shape.length !== 4)
    throw new TypeError(`an image has shape [batch, height, width, channels], not [${shape}]`)
  const [batch, height, width, channels] = shape as [number, number, number, number]
  return { batch, height, width, channels }
}

export function maskShape({ shape }: Tensor): Omit<ImageShape, 'channels'> {
  const [width, height, batch = 1] = shape.toReversed() as [number, number, number?]
  if (shape.length < 2 || shape.length > 3)
    throw new TypeError(`a mask has shape [batch, height, width], not [${shape}]`)
  return { batch, height, width }
}

/** 2³⁰ values, 4 GB: a typed width or height must not take the process down with it. */
const maxValues = 2 ** 30

/** A new image of zeros. @throws RangeError in words when it would not fit in memory. */
export function newImage(batch: number, height: number, width: number, channels: number): Tensor {
  guard(batch * height * width * channels, `${batch} × ${width} × ${height} pixels`)
  return tensor([batch, height, width, channels])
}

export function newMask(batch: number, height: number, width: number): Tensor {
  guard(batch * height * width, `${batch} × ${width} × ${height} pixels`)
  return tensor([batch, height, width])
}

function guard(values: number, what: string): void {
  if (values > maxValues)
    throw new RangeError(
      `${what} would take ${((values * 4) / 1e9).toFixed(1)} GB. Choose a smaller size or batch.`,
    )
}
