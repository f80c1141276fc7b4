// The one numeric container: float32, C order. IMAGE is [B,H,W,C] in 0..1, MASK [B,H,W] in 0..1,
// latent samples [B,C,H,W], conditioning [B,tokens,width].

import { totalmem } from 'node:os'

export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)

/** Smaller ones are made without a look at the memory. */
const largeValues = 2 ** 26

/** @throws RangeError if the data does not fill the shape, or the memory could not hold it. */
export function tensor(shape: readonly number[], data?: Float32Array): Tensor {
  const size = sizeOf(shape)
  if (data && data.length !== size)
    throw new RangeError(`${data.length} values do not fill [${shape.join(', ')}]`)
  if (!data && size > largeValues && 4 * size > totalmem())
    throw new RangeError(
      `Out of memory: a tensor of [${shape.join(', ')}] takes ${Math.round((4 * size) / 1e9)} GB`,
    )
  return { shape, data: data ?? new Float32Array(size) }
}
