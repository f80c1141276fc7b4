// A separable, symmetric filter, in strips so narrow that the rows in use stay in the cache: each is
// filtered across once, as doubles, and kept while a window still covers it.
import type { Extent } from './contract.ts'

/** Values of a row that are worked on together. */
const stripValues = 1024

/** Mirrors a place outside 0..length-1 back inside, without repeating the edge. */
function reflect(i: number, length: number): number {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  i = Math.abs(i) % period
  return i < length ? i : period - i
}

/**
 * `sums` = Σ kernel[k] · rows[k]: the centre, then pairs from the outside in. The kernel is
 * symmetric, so two rows share a multiplication; two pairs share a pass.
 */
function weightedSum(
  rows: readonly Float64Array[],
  kernel: Float32Array,
  sums: Float64Array,
  length: number,
): void {
  const radius = (kernel.length - 1) / 2
  const [centre, weight] = [rows[radius]!, kernel[radius]!]
  for (let i = 0; i < length; i++) sums[i] = weight * centre[i]!
  for (let k = 0; k + 1 < radius; k += 2) {
    const [w, v] = [kernel[k]!, kernel[k + 1]!]
    const [a, b, c, d] = [rows[k]!, rows[2 * radius - k]!, rows[k + 1]!, rows[2 * radius - k - 1]!]
    for (let i = 0; i < length; i++) sums[i] = sums[i]! + w * (a[i]! + b[i]!) + v * (c[i]! + d[i]!)
  }
  if (radius % 2 === 0) return
  const [a, b, w] = [rows[radius - 1]!, rows[radius + 1]!, kernel[radius - 1]!]
  for (let i = 0; i < length; i++) sums[i] = sums[i]! + w * (a[i]! + b[i]!)
}

export function blur(
  image: Float32Array,
  out: Float32Array,
  { height, width, channels }: Extent,
  kernel: Float32Array,
): void {
  const radius = (kernel.length - 1) / 2
  const stride = width * channels
  const stripWidth = Math.min(width, Math.ceil(stripValues / channels))
  const strip = stripWidth * channels
  const padded = new Float64Array(strip + 2 * radius * channels)
  const shifted = Array.from(kernel, (_, k) => padded.subarray(k * channels, k * channels + strip))
  const kept = Array.from(
    { length: Math.min(height, kernel.length) },
    () => new Float64Array(strip),
  )
  const sums = new Float64Array(strip)
  for (let left = 0; left < width; left += stripWidth) {
    const length = Math.min(stripWidth, width - left) * channels
    // Where each value of `padded` comes from in its row.
    const places = Int32Array.from({ length: length + 2 * radius * channels }, (_, i) => {
      const pixel = Math.floor(i / channels)
      return reflect(left - radius + pixel, width) * channels + (i - pixel * channels)
    })
    for (let y = 0, next = 0; y < height; y++) {
      for (; next < height && next <= y + radius; next++) {
        const row = next * stride
        for (let i = 0; i < places.length; i++) padded[i] = image[row + places[i]!]!
        weightedSum(shifted, kernel, kept[next % kept.length]!, length)
      }
      const rows = Array.from(
        kernel,
        (_, k) => kept[reflect(y + k - radius, height) % kept.length]!,
      )
      weightedSum(rows, kernel, sums, length)
      const at = y * stride + left * channels
      for (let i = 0; i < length; i++) out[at + i] = sums[i]!
    }
  }
}
