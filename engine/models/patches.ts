// Diffusion transformers see a latent as a row of patches of 2 × 2 pixels.
import { type Tensor, tensor } from '../tensor.ts'

/** Whether a patch's numbers go by channel and then by pixel, or the other way round. */
export type PatchOrder = 'channels-first' | 'channels-last'

export const patchSide = 2

/** Patches along one side; an odd side is filled up. */
export const patchesIn = (side: number): number => Math.ceil(side / patchSide)

/** [B,C,H,W] → [B,T,C·4], row by row. An odd side goes on with its beginning. */
export function toPatches(x: Tensor, order: PatchOrder): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number]
  const [rows, columns] = [patchesIn(height), patchesIn(width)]
  const out = tensor([batch, rows * columns, channels * patchSide ** 2])
  eachValue(x.shape, order, (at, b, c, y, X) => {
    const [row, column] = [y % height, X % width]
    out.data[at] = x.data[((b * channels + c) * height + row) * width + column]!
  })
  return out
}

/** [B,T,C·4] → the latent's shape; what was filled up is dropped. */
export function fromPatches(patches: Tensor, shape: readonly number[], order: PatchOrder): Tensor {
  const [, channels, height, width] = shape as [number, number, number, number]
  const out = tensor(shape)
  eachValue(shape, order, (at, b, c, y, x) => {
    if (y < height && x < width)
      out.data[((b * channels + c) * height + y) * width + x] = patches.data[at]!
  })
  return out
}

/** Visits the numbers of all patches in order, saying which pixel each one is. */
function eachValue(
  shape: readonly number[],
  order: PatchOrder,
  visit: (at: number, batch: number, channel: number, y: number, x: number) => void,
): void {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const [rows, columns] = [patchesIn(height), patchesIn(width)]
  const pixels = patchSide ** 2
  let at = 0
  for (let b = 0; b < batch; b++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let i = 0; i < channels * pixels; i++, at++) {
          const first = order === 'channels-first'
          const channel = first ? Math.floor(i / pixels) : i % channels
          const pixel = first ? i % pixels : Math.floor(i / channels)
          const y = row * patchSide + Math.floor(pixel / patchSide)
          visit(at, b, channel, y, column * patchSide + (pixel % patchSide))
        }
}
