// Pictures as people keep them, [B,H,W,3], and as networks take them, [1,3,H,W].
import { resizeCovering } from '../image/resize.ts'
import { type Tensor, tensor } from '../tensor.ts'

/** One picture of a batch, cut to `height` × `width` from its centre; value → value·gain + offset. */
export function toPlanes(
  image: Tensor,
  index: number,
  { gain = 1, offset = 0, multiple = 1 } = {},
): Tensor {
  const [, fullHeight, fullWidth, channels] = image.shape as [number, number, number, number]
  const height = fullHeight - (fullHeight % multiple)
  const width = fullWidth - (fullWidth % multiple)
  const top = (fullHeight - height) >> 1
  const left = (fullWidth - width) >> 1
  const out = tensor([1, 3, height, width])
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const from = ((index * fullHeight + top + row) * fullWidth + left + column) * channels
      for (let c = 0; c < 3; c++)
        out.data[(c * height + row) * width + column] = image.data[from + c]! * gain + offset
    }
  return out
}

/** Writes planes into picture `index` of a batch, clamped to 0..1. */
export function fromPlanes(
  planes: Tensor,
  image: Tensor,
  index: number,
  { gain = 1, offset = 0 } = {},
): void {
  const [, , height, width] = planes.shape as [number, number, number, number]
  const area = height * width
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < area; i++) {
      const value = planes.data[c * area + i]! * gain + offset
      image.data[(index * area + i) * 3 + c] = Math.min(1, Math.max(0, value))
    }
}

/** [B,C,h,w] with one more channel: the mask [B,H,W] cut and resized. */
export function withMask(picture: Tensor, keep: Tensor): Tensor {
  const [count, channels, height, width] = picture.shape as [number, number, number, number]
  const [masks, rows, columns] = keep.shape.slice(-3) as [number, number, number]
  const image = tensor([masks, rows, columns, 1], keep.data)
  const { data } = resizeCovering(image, width, height, 'nearest-exact')
  const size = height * width
  const out = tensor([count, channels + 1, height, width])
  for (let i = 0; i < count; i++) {
    const start = i * (channels + 1) * size
    out.data.set(picture.data.subarray(i * channels * size, (i + 1) * channels * size), start)
    const from = (i % masks) * size
    out.data.set(data.subarray(from, from + size), start + channels * size)
  }
  return out
}
