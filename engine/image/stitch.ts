// Two pictures beside or above each other.
import type { Tensor } from '../tensor.ts'
import { matchChannels, repeatLast } from './batch.ts'
import { fillColor, padTo, paste } from './pad.ts'
import { resizeImage } from './resize.ts'
import { imageShape, newImage } from './shape.ts'

export const stitchColors = ['white', 'black', 'red', 'green', 'blue'] as const
export type StitchColor = (typeof stitchColors)[number]

const colors: Record<StitchColor, readonly number[]> = {
  white: [1, 1, 1],
  black: [0, 0, 0],
  red: [1, 0, 0],
  green: [0, 1, 0],
  blue: [0, 0, 1],
}

export interface Gap {
  width: number
  color: StitchColor
}

/**
 * `second` to the given side of `first`; made as high (or wide) by resizing, or by white or else black
 * room around it.
 */
export function stitch(
  first: Tensor,
  second: Tensor,
  side: 'right' | 'down' | 'left' | 'up',
  resizes: boolean,
  gap: Gap,
): Tensor {
  const across = side === 'left' || side === 'right'
  const [a, b] = sameEdge(first, second, across, resizes, gap.color === 'white' ? 1 : 0)
  const parts = side === 'right' || side === 'down' ? [a, b] : [b, a]
  // An odd gap becomes the next even one.
  const space = gap.width + (gap.width % 2)
  const { batch, height, width, channels } = imageShape(a)
  const other = imageShape(b)
  const canvas = across
    ? newImage(batch, height, width + space + other.width, channels)
    : newImage(batch, height + space + other.height, width, channels)
  fillColor(canvas, colors[gap.color])
  let at = 0
  for (const part of parts) {
    paste(canvas, part, across ? at : 0, across ? 0 : at)
    at += (across ? imageShape(part).width : imageShape(part).height) + space
  }
  return canvas
}

/** Both with the same batch and channels and one common side. */
function sameEdge(
  a: Tensor,
  b: Tensor,
  across: boolean,
  resizes: boolean,
  level: number,
): [Tensor, Tensor] {
  const batch = Math.max(imageShape(a).batch, imageShape(b).batch)
  a = repeatLast(a, batch)
  b = repeatLast(b, batch)
  const [from, to] = [imageShape(b), imageShape(a)]
  if (resizes) {
    const aspect = from.width / from.height
    b = across
      ? resizeImage(b, Math.max(1, Math.trunc(to.height * aspect)), to.height, 'lanczos')
      : resizeImage(b, to.width, Math.max(1, Math.trunc(to.width / aspect)), 'lanczos')
  } else {
    const [height, width] = [Math.max(to.height, from.height), Math.max(to.width, from.width)]
    // ComfyUI's room has one value in all channels, so that a coloured gap comes with black room.
    const color = Array(4).fill(level)
    const grow = (image: Tensor): Tensor => {
      const own = imageShape(image)
      return across
        ? padTo(image, own.width, height, color)
        : padTo(image, width, own.height, color)
    }
    a = grow(a)
    b = grow(b)
  }
  return matchChannels(a, b)
}
