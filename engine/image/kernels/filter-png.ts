// PNG's five row filters and libpng's choice between them: the one whose differences, read as signed
// bytes, have the smallest sum of magnitudes. https://www.w3.org/TR/png-3/#9Filters
import type { Extent } from './contract.ts'

/** Of a byte read as a signed number. */
const magnitude = (byte: number): number => {
  const signed = (byte << 24) >> 24
  return (signed ^ (signed >> 31)) - (signed >> 31)
}

/** Of a number of few bits, without a branch. */
const abs = (x: number): number => (x ^ (x >> 31)) - (x >> 31)

/** Whichever of left, up and corner is nearest to left + up − corner. */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = abs(up - corner)
  const toUp = abs(left - corner)
  const toCorner = abs(left + up - 2 * corner)
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

/** The filter for a row; both rows begin with a pixel of zeros, which lies left of the picture. */
function bestFilter(row: Uint8Array, above: Uint8Array, channels: number): number {
  let [none, sub, up, average, nearest] = [0, 0, 0, 0, 0]
  for (let i = channels, left = 0; i < row.length; i++, left++) {
    const x = row[i]!
    const a = row[left]!
    const b = above[i]!
    none += magnitude(x)
    sub += magnitude(x - a)
    up += magnitude(x - b)
    average += magnitude(x - ((a + b) >> 1))
    nearest += magnitude(x - paeth(a, b, above[left]!))
  }
  const sums = [none, sub, up, average, nearest]
  return sums.indexOf(Math.min(...sums))
}

function applyFilter(
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  channels: number,
  out: Uint8Array,
): void {
  const own = row.subarray(channels)
  const up = above.subarray(channels)
  const length = own.length
  if (filter === 0) out.set(own)
  else if (filter === 1) for (let i = 0; i < length; i++) out[i] = own[i]! - row[i]!
  else if (filter === 2) for (let i = 0; i < length; i++) out[i] = own[i]! - up[i]!
  else if (filter === 3)
    for (let i = 0; i < length; i++) out[i] = own[i]! - ((row[i]! + up[i]!) >> 1)
  else for (let i = 0; i < length; i++) out[i] = own[i]! - paeth(row[i]!, up[i]!, above[i]!)
}

export function filterPng(
  image: Uint8Array,
  out: Uint8Array,
  { height, width, channels }: Extent,
): void {
  const stride = width * channels
  let row = new Uint8Array(channels + stride)
  let above = new Uint8Array(channels + stride)
  for (let y = 0, at = 0; y < height; y++, at += stride + 1) {
    row.set(image.subarray(y * stride, (y + 1) * stride), channels)
    out[at] = bestFilter(row, above, channels)
    applyFilter(out[at]!, row, above, channels, out.subarray(at + 1, at + 1 + stride))
    ;[row, above] = [above, row]
  }
}
