// Flips and quarter turns of IMAGE [B,H,W,C]; exact, no pixel is changed.
import { type Tensor, tensor } from '../tensor.ts'
import { imageShape } from './shape.ts'

/** Fills an image of the given size by reading, for each pixel, the source pixel `from` names. */
function rearrange(
  image: Tensor,
  height: number,
  width: number,
  from: (x: number, y: number) => number,
): Tensor {
  const { batch, height: h, width: w, channels } = imageShape(image)
  const out = tensor([batch, height, width, channels])
  let at = 0
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const start = (b * h * w + from(x, y)) * channels
        for (let c = 0; c < channels; c++) out.data[at++] = image.data[start + c]!
      }
  return out
}

/** Vertical turns it upside down, horizontal swaps left and right. */
export function flip(image: Tensor, direction: 'vertical' | 'horizontal'): Tensor {
  const { height, width } = imageShape(image)
  return rearrange(
    image,
    height,
    width,
    direction === 'vertical'
      ? (x, y) => (height - 1 - y) * width + x
      : (x, y) => y * width + width - 1 - x,
  )
}

/** Quarter turns clockwise. */
export function rotate(image: Tensor, quarters: number): Tensor {
  const { height, width } = imageShape(image)
  switch (((quarters % 4) + 4) % 4) {
    case 1:
      return rearrange(image, width, height, (x, y) => (height - 1 - x) * width + y)
    case 2:
      return rearrange(image, height, width, (x, y) => (height - y) * width - 1 - x)
    case 3:
      return rearrange(image, width, height, (x, y) => x * width + width - 1 - y)
    default:
      return image
  }
}
