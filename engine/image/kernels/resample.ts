// Weighted sums of a few source pixels, down and then across a row at a time: what lies between the
// two passes is one row of doubles and stays in the cache.
import type { Extent, Taps } from './contract.ts'

/** One output row from the rows that it touches. Weights of 0 are skipped, but for the first. */
function mixRows(
  image: Float32Array,
  stride: number,
  { size, from, weight }: Taps,
  y: number,
  mixed: Float64Array,
): void {
  const row = (k: number) => image.subarray(from[k]! * stride, (from[k]! + 1) * stride)
  let k = y * size
  const end = k + size
  const first = row(k)
  const w = weight[k++]!
  if (size > 1 && weight[k] !== 0) {
    const [second, v] = [row(k), weight[k++]!]
    for (let i = 0; i < stride; i++) mixed[i] = w * first[i]! + v * second[i]!
  } else for (let i = 0; i < stride; i++) mixed[i] = w * first[i]!
  for (; k < end; k++) {
    const [other, v] = [row(k), weight[k]!]
    if (v === 0) continue
    for (let i = 0; i < stride; i++) mixed[i] = mixed[i]! + v * other[i]!
  }
}

/** [from, channels] → [to, channels], written into `out` from `at`. */
function mixColumns(
  row: Float64Array,
  channels: number,
  { size, from, weight }: Taps,
  out: Float32Array,
  at: number,
): void {
  for (let k = 0; k < from.length; k += size)
    for (let c = 0; c < channels; c++) {
      let sum = weight[k]! * row[from[k]! * channels + c]!
      for (let n = k + 1; n < k + size; n++) sum += weight[n]! * row[from[n]! * channels + c]!
      out[at++] = sum
    }
}

export function resample(
  image: Float32Array,
  out: Float32Array,
  { height, width, channels }: Extent,
  rows: Taps | undefined,
  columns: Taps | undefined,
): void {
  const stride = width * channels
  const toHeight = rows ? rows.from.length / rows.size : height
  const toStride = columns ? (columns.from.length / columns.size) * channels : stride
  const mixed = new Float64Array(stride)
  for (let y = 0; y < toHeight; y++) {
    if (rows) mixRows(image, stride, rows, y, mixed)
    else for (let i = 0; i < stride; i++) mixed[i] = image[y * stride + i]!
    if (columns) mixColumns(mixed, channels, columns, out, y * toStride)
    else for (let i = 0; i < stride; i++) out[y * toStride + i] = mixed[i]!
  }
}
