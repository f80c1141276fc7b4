// Grey-scale morphology with a flat square. A running maximum in O(1) a pixel: van Herk (1992),
// Gil & Werman (1993). The square's middle is at size/2, so an even one leans to the left and top.
import { type Tensor, tensor } from '../tensor.ts'
import { imageShape } from './shape.ts'

export const morphologyOperations = [
  'erode',
  'dilate',
  'open',
  'close',
  'gradient',
  'bottom_hat',
  'top_hat',
] as const
export type MorphologyOperation = (typeof morphologyOperations)[number]

/**
 * Running maximum of `size` values along one line of `length` values, `stride` apart, in place.
 * Outside the picture nothing counts. `sign` −1 makes it a minimum.
 */
function runningMax(
  data: Float32Array,
  start: number,
  stride: number,
  length: number,
  size: number,
  sign: 1 | -1,
  scratch: { forward: Float32Array; backward: Float32Array },
): void {
  const before = Math.floor(size / 2)
  const padded = length + size - 1
  const { forward, backward } = scratch
  const at = (i: number): number => {
    const place = i - before
    return place < 0 || place >= length ? -Infinity : sign * data[start + place * stride]!
  }
  for (let i = 0; i < padded; i++) {
    const value = at(i)
    forward[i] = i % size === 0 ? value : Math.max(forward[i - 1]!, value)
  }
  for (let i = padded - 1; i >= 0; i--) {
    const value = at(i)
    backward[i] =
      i % size === size - 1 || i === padded - 1 ? value : Math.max(backward[i + 1]!, value)
  }
  for (let i = 0; i < length; i++)
    data[start + i * stride] = sign * Math.max(backward[i]!, forward[i + size - 1]!)
}

function extreme(image: Tensor, size: number, sign: 1 | -1): Tensor {
  const { batch, height, width, channels } = imageShape(image)
  const data = Float32Array.from(image.data)
  const longest = Math.max(width, height) + size
  const scratch = { forward: new Float32Array(longest), backward: new Float32Array(longest) }
  const stride = width * channels
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < channels; c++) {
      const start = b * height * stride + c
      for (let y = 0; y < height; y++)
        runningMax(data, start + y * stride, channels, width, size, sign, scratch)
      for (let x = 0; x < width; x++)
        runningMax(data, start + x * channels, stride, height, size, sign, scratch)
    }
  return tensor(image.shape, data)
}

export const dilate = (image: Tensor, size: number): Tensor => extreme(image, size, 1)
export const erode = (image: Tensor, size: number): Tensor => extreme(image, size, -1)

function subtract(a: Tensor, b: Tensor): Tensor {
  const out = tensor(a.shape)
  for (let i = 0; i < out.data.length; i++) out.data[i] = a.data[i]! - b.data[i]!
  return out
}

/** IMAGE [B,H,W,C] → the same shape. https://en.wikipedia.org/wiki/Mathematical_morphology */
export function morphology(image: Tensor, operation: MorphologyOperation, size: number): Tensor {
  switch (operation) {
    case 'erode':
      return erode(image, size)
    case 'dilate':
      return dilate(image, size)
    case 'open':
      return dilate(erode(image, size), size)
    case 'close':
      return erode(dilate(image, size), size)
    case 'gradient':
      return subtract(dilate(image, size), erode(image, size))
    case 'top_hat':
      return subtract(image, dilate(erode(image, size), size))
    case 'bottom_hat':
      return subtract(erode(dilate(image, size), size), image)
  }
}
