// Grey-scale morphology with a flat square. An even one leans to the left and top when it erodes and
// to the right and bottom when it dilates, so that one undoes the shift of the other.
import { type Tensor, tensor } from '../tensor.ts'
import { kernels } from './kernels/index.ts'
import { rotate } from './orientation.ts'
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

/** The largest value under the square. Outside the picture nothing counts. */
export const dilate = (image: Tensor, size: number): Tensor =>
  size % 2 === 1 ? runningMax(image, size) : rotate(runningMax(rotate(image, 2), size), 2)

/** The same for a square that leans to the left and top where it is even. */
function runningMax(image: Tensor, size: number): Tensor {
  const { batch, ...extent } = imageShape(image)
  const out = tensor(image.shape)
  const step = image.data.length / batch
  for (let from = 0; from < out.data.length; from += step) {
    const picture = image.data.subarray(from, from + step)
    kernels.dilate(picture, out.data.subarray(from, from + step), extent, size)
  }
  return out
}

const negative = ({ shape, data }: Tensor): Tensor => {
  const out = tensor(shape)
  for (let i = 0; i < data.length; i++) out.data[i] = -data[i]!
  return out
}

/** The smallest value under the square. */
export const erode = (image: Tensor, size: number): Tensor =>
  negative(runningMax(negative(image), size))

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
