// The one numeric container: float32, C order. IMAGE is [B,H,W,C] in 0..1, MASK [B,H,W] in 0..1,
// latent samples [B,C,H,W], conditioning [B,tokens,width].

export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)

/** @throws RangeError if the data does not fill the shape. */
export function tensor(shape: readonly number[], data?: Float32Array): Tensor {
  const size = sizeOf(shape)
  if (data && data.length !== size)
    throw new RangeError(`${data.length} values do not fill [${shape.join(', ')}]`)
  return { shape, data: data ?? new Float32Array(size) }
}
