// Room around pictures.
import { type Tensor, tensor } from '../tensor.ts'
import { imageShape, newImage } from './shape.ts'

/** Copies `image` into `canvas` (same batch and channels) with its corner at x, y. */
export function paste(canvas: Tensor, image: Tensor, x: number, y: number): void {
  const { batch, height, width, channels } = imageShape(image)
  const to = imageShape(canvas)
  const stride = width * channels
  for (let b = 0; b < batch; b++)
    for (let row = 0; row < height; row++) {
      const from = (b * height + row) * stride
      const at = ((b * to.height + y + row) * to.width + x) * channels
      canvas.data.set(image.data.subarray(from, from + stride), at)
    }
}

/** Paints the whole canvas; channels beyond the colour's become 1. */
export function fillColor(canvas: Tensor, color: readonly number[]): void {
  const { channels } = imageShape(canvas)
  for (let c = 0; c < channels; c++) {
    const value = color[c] ?? 1
    for (let i = c; i < canvas.data.length; i += channels) canvas.data[i] = value
  }
}

/** The picture in the middle of a larger frame of one colour. */
export function padTo(
  image: Tensor,
  width: number,
  height: number,
  color: readonly number[],
): Tensor {
  const from = imageShape(image)
  if (from.width === width && from.height === height) return image
  const canvas = newImage(from.batch, height, width, from.channels)
  fillColor(canvas, color)
  paste(canvas, image, Math.floor((width - from.width) / 2), Math.floor((height - from.height) / 2))
  return canvas
}

export interface Sides {
  left: number
  top: number
  right: number
  bottom: number
}

/** Mid-grey room around a picture; the mask [1,H,W] is 1 there and fades quadratically inside. */
export function padForOutpaint(
  image: Tensor,
  sides: Sides,
  feathering: number,
): { image: Tensor; mask: Tensor } {
  const { batch, height, width, channels } = imageShape(image)
  const { left, top, right, bottom } = sides
  const [fullHeight, fullWidth] = [height + top + bottom, width + left + right]
  const canvas = newImage(batch, fullHeight, fullWidth, channels)
  canvas.data.fill(0.5)
  paste(canvas, image, left, top)
  const mask = tensor([1, fullHeight, fullWidth])
  mask.data.fill(1)
  const feathers = feathering > 0 && feathering * 2 < Math.min(height, width)
  for (let y = 0; y < height; y++) {
    const row = (y + top) * fullWidth + left
    if (!feathers) {
      mask.data.fill(0, row, row + width)
      continue
    }
    // An edge without room beside it does not fade.
    const nearY = Math.min(top ? y : height, bottom ? height - y : height)
    for (let x = 0; x < width; x++) {
      const distance = Math.min(nearY, left ? x : width, right ? width - x : width)
      const depth = Math.max(0, (feathering - distance) / feathering)
      mask.data[row + x] = depth * depth
    }
  }
  return { image: canvas, mask }
}
