// Running maxima: of a cross, and of a square at a cost that does not depend on its size (van Herk
// 1992, Gil & Werman 1993).
import type { Extent } from './contract.ts'

/** Math.max looks at NaN and −0 too, which costs a third more. */
// biome-ignore lint/complexity/useMathMinMax: see above
const larger = (a: number, b: number): number => (a > b ? a : b)

export function growCross(plane: Float32Array, out: Float32Array, { height, width }: Extent): void {
  const row = (y: number) => plane.subarray(y * width, (y + 1) * width)
  for (let y = 0; y < height; y++) {
    const [up, here, down] = [row(Math.max(y - 1, 0)), row(y), row(Math.min(y + 1, height - 1))]
    const target = out.subarray(y * width, (y + 1) * width)
    let left = here[0]!
    let centre = left
    for (let x = 0; x < width; x++) {
      const right = x + 1 < width ? here[x + 1]! : centre
      target[x] = larger(larger(larger(left, right), centre), larger(up[x]!, down[x]!))
      left = centre
      centre = right
    }
  }
}

/** Values side by side that go down together. */
const stripWidth = 64

/**
 * Running maximum along an axis of `length` places `stride` apart, for `lanes` neighbouring values
 * from `start` on. Within blocks of `size` places `ahead` holds the maximum up to the block's end and
 * `sofar` that since its beginning: any window is the end of one block and the beginning of the next.
 */
function runningMax(
  source: Float32Array,
  out: Float32Array,
  start: number,
  stride: number,
  length: number,
  lanes: number,
  size: number,
  ahead: Float32Array,
): void {
  const before = size >> 1
  const after = size - 1 - before
  const sofar = new Float32Array(lanes)
  for (let block = -before; block < length; block += size) {
    // Windows that begin in this block: outputs block + before … + size − 1.
    for (let k = size - 1; k >= 0; k--) {
      const inside = block + k >= 0 && block + k < length
      const from = start + (block + k) * stride
      for (let i = 0; i < lanes; i++) {
        const value = inside ? source[from + i]! : -Infinity
        ahead[k * lanes + i] = k === size - 1 ? value : larger(value, ahead[(k + 1) * lanes + i]!)
      }
    }
    sofar.fill(-Infinity)
    for (let k = 0; k < size; k++) {
      const y = block + k + before
      if (y >= length) break
      const end = y + after
      const to = start + y * stride
      if (k > 0 && end < length) {
        const from = start + end * stride
        for (let i = 0; i < lanes; i++) sofar[i] = larger(source[from + i]!, sofar[i]!)
      }
      for (let i = 0; i < lanes; i++) out[to + i] = larger(ahead[k * lanes + i]!, sofar[i]!)
    }
  }
}

export function dilate(
  image: Float32Array,
  out: Float32Array,
  { height, width, channels }: Extent,
  size: number,
): void {
  const stride = width * channels
  const across = new Float32Array(image.length)
  // A window that covers the whole axis from any place need not be longer.
  const wide = Math.min(size, 2 * width + (size & 1))
  const high = Math.min(size, 2 * height + (size & 1))
  const ahead = new Float32Array(Math.max(wide * channels, high * stripWidth))
  for (let y = 0; y < height; y++)
    runningMax(image, across, y * stride, channels, width, channels, wide, ahead)
  for (let x = 0; x < stride; x += stripWidth)
    runningMax(across, out, x, stride, height, Math.min(stripWidth, stride - x), high, ahead)
}
