// Batches of different length meet in many nodes: the shorter one repeats its last picture, or all
// of itself, as ComfyUI does in that place.
import { type Tensor, tensor } from '../tensor.ts'
import { resizeCovering } from './resize.ts'
import { imageShape, newImage } from './shape.ts'

/** `length` entries of the first axis; past the end the last one again. */
export function repeatLast(batch: Tensor, length: number): Tensor {
  const [have = 0, ...rest] = batch.shape
  if (have === length) return batch
  const size = batch.data.length / have
  const out = tensor([length, ...rest])
  for (let b = 0; b < length; b++) {
    const from = Math.min(b, have - 1) * size
    out.data.set(batch.data.subarray(from, from + size), b * size)
  }
  return out
}

/** One after another along the first axis; the other axes must agree. */
export function concatBatches(batches: readonly Tensor[]): Tensor {
  const [first] = batches
  if (!first) throw new RangeError('There is no picture to put into the batch.')
  if (batches.length === 1) return first
  const length = batches.reduce((n, batch) => n + batch.shape[0]!, 0)
  const out = tensor([length, ...first.shape.slice(1)])
  let at = 0
  for (const { data } of batches) {
    out.data.set(data, at)
    at += data.length
  }
  return out
}

/** Pictures `from` … `from + length - 1` as a batch of their own; shares the memory. */
export function sliceBatch(batch: Tensor, from: number, length: number): Tensor {
  const [have = 0, ...rest] = batch.shape
  const size = batch.data.length / have
  return tensor([length, ...rest], batch.data.subarray(from * size, (from + length) * size))
}

/** Drops channels, or adds opaque ones (1). */
export function withChannels(image: Tensor, channels: number): Tensor {
  const { batch, height, width, channels: have } = imageShape(image)
  if (have === channels) return image
  const out = newImage(batch, height, width, channels)
  const pixels = batch * height * width
  for (let p = 0; p < pixels; p++)
    for (let c = 0; c < channels; c++)
      out.data[p * channels + c] = c < have ? image.data[p * have + c]! : 1
  return out
}

/** Gives both pictures as many channels as the richer one has. */
export function matchChannels(a: Tensor, b: Tensor): [Tensor, Tensor] {
  const channels = Math.max(imageShape(a).channels, imageShape(b).channels)
  return [withChannels(a, channels), withChannels(b, channels)]
}

/** Any number of pictures as one batch: all of the first one's size and of the most channels. */
export function stackImages(images: readonly Tensor[]): Tensor {
  const [first] = images
  if (!first) throw new RangeError('There is no picture to put into the batch.')
  const { width, height } = imageShape(first)
  const channels = Math.max(...images.map(image => imageShape(image).channels))
  return concatBatches(
    images.map(image => {
      const own = withChannels(image, channels)
      const same = own.shape[1] === height && own.shape[2] === width
      return same ? own : resizeCovering(own, width, height, 'bilinear')
    }),
  )
}
