// The sizes that "resize to …" can mean, and resizing pictures and masks alike.
import { type Tensor, tensor } from '../tensor.ts'
import {
  cropImage,
  type ResizeMethod,
  resizeCovering,
  resizeImage,
  roundHalfEven,
} from './resize.ts'

export interface Size {
  width: number
  height: number
}

/** A mask as a picture of one channel; a picture as it is. */
export const asImage = ({ shape, data }: Tensor): Tensor => {
  if (shape.length === 4) return { shape, data }
  const [width, height, batch = 1] = shape.toReversed() as [number, number, number?]
  return tensor([batch, height, width, 1], data)
}

/** Does something to a picture, or to a mask as a picture. */
export function eitherWay(input: Tensor, change: (image: Tensor) => Tensor): Tensor {
  const changed = change(asImage(input))
  return input.shape.length === 4 ? changed : tensor(changed.shape.slice(0, 3), changed.data)
}

const atLeastOne = (side: number): number => Math.max(1, roundHalfEven(side))

export const scaledBy = ({ width, height }: Size, factor: number): Size => ({
  width: atLeastOne(width * factor),
  height: atLeastOne(height * factor),
})

/** One side as wanted; the other follows. */
export const withWidth = (from: Size, width: number): Size => ({
  width,
  height: atLeastOne((from.height / from.width) * width),
})
export const withHeight = (from: Size, height: number): Size => ({
  width: atLeastOne((from.width / from.height) * height),
  height,
})

export const withLonger = (from: Size, side: number): Size =>
  from.width > from.height ? withWidth(from, side) : withHeight(from, side)
export const withShorter = (from: Size, side: number): Size =>
  from.width < from.height ? withWidth(from, side) : withHeight(from, side)

/** So many megapixels of 1024 × 1024, sides rounded to multiples of `step`. */
export function withPixels({ width, height }: Size, megapixels: number, step = 1): Size {
  const scale = Math.sqrt(Math.trunc(megapixels * 1024 * 1024) / (width * height))
  const side = (length: number) => Math.max(step, roundHalfEven((length * scale) / step) * step)
  return { width: side(width), height: side(height) }
}

/** A side of 0 follows from the other one. */
export function withSides(from: Size, { width, height }: Size): Size {
  if (width === 0 && height === 0) return from
  if (width === 0) return withHeight(from, height)
  return height === 0 ? withWidth(from, width) : { width, height }
}

export function resizeTo(
  image: Tensor,
  { width, height }: Size,
  method: ResizeMethod,
  crop: 'disabled' | 'center' = 'disabled',
): Tensor {
  return crop === 'center'
    ? resizeCovering(image, width, height, method)
    : resizeImage(image, width, height, method)
}

/** The largest multiples within the picture: made to cover them, then cut around the centre. */
export function resizeToMultiple(image: Tensor, multiple: number, method: ResizeMethod): Tensor {
  const [, h = 0, w = 0] = image.shape
  const size = (side: number) => Math.floor(side / multiple) * multiple
  const [width, height] = [size(w), size(h)]
  if (multiple <= 1 || width === 0 || height === 0 || (width === w && height === h)) return image
  const scale = Math.max(width / w, height / h)
  const covering = {
    width: Math.max(width, Math.ceil(w * scale - 1e-9)),
    height: Math.max(height, Math.ceil(h * scale - 1e-9)),
  }
  const resized = resizeImage(image, covering.width, covering.height, method)
  const x = (covering.width - width) >> 1
  const y = (covering.height - height) >> 1
  return cropImage(resized, x, y, width, height)
}
