// Filters of bytes with weights in 22-bit fixed point, as PIL resizes: sums wrap at 32 bits, and
// each pass rounds to bytes.
import type { Extent, FixedTaps } from './contract.ts'

const precisionBits = 22
const half = 1 << (precisionBits - 1)

const clip = (sum: number): number => {
  const value = sum >> precisionBits
  return value < 0 ? 0 : Math.min(value, 255)
}

function acrossRow(
  image: Uint8Array,
  row: number,
  channels: number,
  { size, first, count, weights }: FixedTaps,
  out: Uint8Array,
  at: number,
): void {
  for (let x = 0; x < first.length; x++)
    for (let c = 0; c < channels; c++) {
      let sum = half
      let from = row + first[x]! * channels + c
      for (let k = x * size, end = k + count[x]!; k < end; k++, from += channels)
        sum = (sum + Math.imul(weights[k]!, image[from]!)) | 0
      out[at++] = clip(sum)
    }
}

/** The same for three channels at once, which is what nearly every picture has. */
function acrossRgbRow(
  image: Uint8Array,
  row: number,
  _: number,
  { size, first, count, weights }: FixedTaps,
  out: Uint8Array,
  at: number,
): void {
  for (let x = 0; x < first.length; x++) {
    let from = row + first[x]! * 3
    let r = half
    let g = half
    let b = half
    for (let k = x * size, end = k + count[x]!; k < end; k++, from += 3) {
      const weight = weights[k]!
      r = (r + Math.imul(weight, image[from]!)) | 0
      g = (g + Math.imul(weight, image[from + 1]!)) | 0
      b = (b + Math.imul(weight, image[from + 2]!)) | 0
    }
    out[at++] = clip(r)
    out[at++] = clip(g)
    out[at++] = clip(b)
  }
}

export function filterAcross(
  image: Uint8Array,
  out: Uint8Array,
  { height, width, channels }: Extent,
  columns: FixedTaps,
): void {
  const filter = channels === 3 ? acrossRgbRow : acrossRow
  const [stride, toStride] = [width * channels, columns.first.length * channels]
  for (let y = 0; y < height; y++) filter(image, y * stride, channels, columns, out, y * toStride)
}

/** Four rows a pass over the sums. Weights past the last tap are 0, so any row may stand there. */
export function filterDown(
  image: Uint8Array,
  out: Uint8Array,
  { width, channels }: Extent,
  { size, first, count, weights }: FixedTaps,
): void {
  const stride = width * channels
  const sums = new Int32Array(stride)
  const row = (y: number) => image.subarray(y * stride, (y + 1) * stride)
  for (let y = 0; y < first.length; y++) {
    const [top, taps] = [first[y]!, count[y]!]
    sums.fill(half)
    for (let k = 0; k < taps; k += 4) {
      const at = (n: number) => row(top + Math.min(k + n, taps - 1))
      const weight = (n: number) => (k + n < taps ? weights[y * size + k + n]! : 0)
      const [a, b, c, d] = [at(0), at(1), at(2), at(3)]
      const [p, q, r, s] = [weight(0), weight(1), weight(2), weight(3)]
      for (let i = 0; i < stride; i++) {
        const left = (Math.imul(p, a[i]!) + Math.imul(q, b[i]!)) | 0
        const right = (Math.imul(r, c[i]!) + Math.imul(s, d[i]!)) | 0
        sums[i] = ((sums[i]! + left) | 0) + right
      }
    }
    const target = out.subarray(y * stride, (y + 1) * stride)
    for (let i = 0; i < stride; i++) target[i] = clip(sums[i]!)
  }
}
