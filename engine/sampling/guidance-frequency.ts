// FreSca: guidance taken apart into coarse and fine waves, each made stronger or weaker.
// https://arxiv.org/abs/2504.02154
import { sizeOf } from '../tensor.ts'
import type { GuidancePatch } from './model-patches.ts'

export interface FrequencyScales {
  low: number
  high: number
  /** Waves across the picture, of each direction, that count as low. */
  cutoff: number
}

export const frequencyScaling =
  ({ low, high, cutoff }: FrequencyScales): GuidancePatch =>
  () => ({
    before({ cond, uncond }, { x: { shape } }) {
      if (!uncond) return { cond }
      const guidance = cond.map((value, i) => value - uncond[i]!)
      const coarse = lowFrequencies(guidance, shape, cutoff)
      const changed = guidance.map((value, i) => high * value + (low - high) * coarse[i]!)
      return { cond: changed.map((value, i) => value + uncond[i]!), uncond }
    },
  })

/**
 * The real part of the waves −cutoff … cutoff−1 of each axis, plane by plane: a projection on either
 * side, whose matrices are complex as the waves are one more in one direction.
 */
export function lowFrequencies(
  values: Float32Array,
  shape: readonly number[],
  cutoff: number,
): Float32Array {
  const [height, width] = shape.slice(-2) as [number, number]
  const [rows, columns] = [waveMatrices(height, cutoff), waveMatrices(width, cutoff)]
  const out = new Float32Array(values.length)
  for (let at = 0; at < sizeOf(shape); at += height * width) {
    const plane = values.subarray(at, at + height * width)
    const real = product(product(rows.real, plane, height), columns.real, width)
    const imaginary = product(product(rows.imaginary, plane, height), columns.imaginary, width)
    // (a + bi)·x·(c + di)ᵀ has the real part a·x·cᵀ − b·x·dᵀ; d is antisymmetric: dᵀ = −d.
    for (let i = 0; i < plane.length; i++) out[at + i] = real[i]! + imaginary[i]!
  }
  return out
}

/** [size,size]: Σ exp(2πi·f·(row − column)/size)/size over the waves f. */
function waveMatrices(size: number, cutoff: number) {
  const half = size >> 1
  const from = -Math.min(cutoff, half)
  const to = Math.min(cutoff, size - half)
  // Only how far apart two places are counts, around the edge.
  const sums = Array.from({ length: size }, (_, apart) => {
    let [real, imaginary] = [0, 0]
    for (let f = from; f < to; f++) {
      real += Math.cos((2 * Math.PI * f * apart) / size)
      imaginary += Math.sin((2 * Math.PI * f * apart) / size)
    }
    return { real: real / size, imaginary: imaginary / size }
  })
  const apart = (i: number) => (Math.floor(i / size) - (i % size) + size) % size
  const matrix = (part: 'real' | 'imaginary') =>
    Float32Array.from({ length: size ** 2 }, (_, i) => sums[apart(i)]![part])
  return { real: matrix('real'), imaginary: matrix('imaginary') }
}

/** a [n,inner] · b [inner,m] */
function product(a: Float32Array, b: Float32Array, inner: number): Float32Array {
  const [n, m] = [a.length / inner, b.length / inner]
  const out = new Float32Array(n * m)
  for (let row = 0; row < n; row++)
    for (let k = 0; k < inner; k++) {
      const factor = a[row * inner + k]!
      for (let column = 0; column < m; column++)
        out[row * m + column]! += factor * b[k * m + column]!
    }
  return out
}
