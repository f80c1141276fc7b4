// What the latent nodes share: resizing, batches and pixel arithmetic on [B,C,H,W].
import { centerCrop, resizePlanes } from '../image/resize.ts'
import type { Latent } from '../models/kinds.ts'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { resizeBislerp } from './bislerp.ts'

export const latentResizeMethods = [
  'nearest-exact',
  'bilinear',
  'area',
  'bicubic',
  'bislerp',
] as const
export type LatentResizeMethod = (typeof latentResizeMethods)[number]

/** Latent pixels per image pixel, which the nodes' widgets count in. */
export const toLatentPixels = (pixels: number): number => Math.floor(pixels / 8)

/** Sizes that no latent in memory can pass: 16384 pixels a side. */
const sideMax = 16384 / 8

export interface LatentShape {
  batch: number
  channels: number
  height: number
  width: number
}

export function latentShape({ shape }: Tensor): LatentShape {
  if (shape.length !== 4)
    throw new Error(`A latent of a picture has 4 dimensions, this one has ${shape.length}.`)
  const [batch, channels, height, width] = shape as [number, number, number, number]
  return { batch, channels, height, width }
}

/** A film [B,C,1,h,w] of one picture as that picture [B,C,h,w]: so ComfyUI saves those of Wan's VAE. */
export function onePicture(samples: Tensor): Tensor {
  const [batch, channels, pictures, ...size] = samples.shape
  if (samples.shape.length !== 5) return samples
  if (pictures === 1) return tensor([batch!, channels!, ...size], samples.data)
  throw new Error(
    `The latent is a film of ${pictures} pictures. Films are not drawn yet: set its length to 1, or ` +
      'run this workflow on your ComfyUI.',
  )
}

/** @param crop `center` cuts to the new proportions first. */
export function resizeLatent(
  samples: Tensor,
  width: number,
  height: number,
  method: LatentResizeMethod,
  crop: 'disabled' | 'center' = 'disabled',
): Tensor {
  if (Math.max(width, height) > sideMax || Math.min(width, height) < 1)
    throw new Error(`A latent of ${width} × ${height} is outside 1 … ${sideMax} a side.`)
  const from = latentShape(samples)
  if (crop === 'center') {
    const { x, y } = centerCrop(from.width, from.height, width, height)
    samples = cropLatent(samples, x, y, from.width - 2 * x, from.height - 2 * y)
  }
  return method === 'bislerp'
    ? resizeBislerp(samples, width, height)
    : resizePlanes(samples, width, height, method)
}

/** The part inside the rectangle, clipped to the latent. */
export function cropLatent(
  samples: Tensor,
  x: number,
  y: number,
  width: number,
  height: number,
): Tensor {
  const from = latentShape(samples)
  const [right, bottom] = [Math.min(x + width, from.width), Math.min(y + height, from.height)]
  const out = tensor([from.batch, from.channels, bottom - y, right - x])
  let at = 0
  for (let plane = 0; plane < from.batch * from.channels; plane++)
    for (let row = y; row < bottom; row++, at += right - x) {
      const start = (plane * from.height + row) * from.width
      out.data.set(samples.data.subarray(start + x, start + right), at)
    }
  return out
}

/** Exactly `count` entries of the first axis: cut, or repeated from the start. */
export function repeatBatch(batch: Tensor, count: number): Tensor {
  const [have = 0, ...rest] = batch.shape
  if (have === count) return batch
  const size = sizeOf(rest)
  const out = tensor([count, ...rest])
  for (let i = 0; i < count; i++) {
    const from = (i % have) * size
    out.data.set(batch.data.subarray(from, from + size), i * size)
  }
  return out
}

/** `other` brought to the shape of `like`, so that the two can be added. */
export function matchLatent(like: Tensor, other: Tensor): Tensor {
  const [to, from] = [latentShape(like), latentShape(other)]
  if (to.channels !== from.channels)
    throw new Error(
      `One latent has ${to.channels} channels, the other ${from.channels}: they come from ` +
        'different families of models and cannot be combined.',
    )
  const resized =
    to.width === from.width && to.height === from.height
      ? other
      : resizeLatent(other, to.width, to.height, 'bilinear', 'center')
  return repeatBatch(resized, to.batch)
}

export const combine = (a: Tensor, b: Tensor, f: (a: number, b: number) => number): Tensor =>
  tensor(
    a.shape,
    a.data.map((value, i) => f(value, b.data[i]!)),
  )

/**
 * Moves every pixel: the value at (x, y) of the result comes from `source(x, y)`, an index into a
 * plane of the original.
 */
export function rearrange(
  samples: Tensor,
  width: number,
  height: number,
  source: (x: number, y: number) => number,
): Tensor {
  const { batch, channels, ...from } = latentShape(samples)
  const out = tensor([batch, channels, height, width])
  const size = from.width * from.height
  let at = 0
  for (let plane = 0; plane < batch * channels; plane++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) out.data[at++] = samples.data[plane * size + source(x, y)]!
  return out
}

/** Which noise each image of a latent takes. */
export const batchIndexOf = ({ samples, batchIndex }: Latent): number[] =>
  batchIndex ?? Array.from({ length: samples.shape[0]! }, (_, i) => i)

/** A noise mask as [B,h,w], whatever it came as. */
export function maskBatch(mask: Tensor): Tensor {
  const [height, width] = mask.shape.slice(-2) as [number, number]
  return tensor([mask.data.length / (height * width), height, width], mask.data)
}
