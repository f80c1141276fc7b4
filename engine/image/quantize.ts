// Few colours: a palette by median cut, then plain, Floyd–Steinberg or ordered (Bayer) dithering.
import { type Tensor, tensor } from '../tensor.ts'
import { fromBytes, toBytes } from './bytes.ts'
import { medianCut, nearestEntry, type Palette } from './palette.ts'
import { imageShape } from './shape.ts'

export const ditherings = [
  'none',
  'floyd-steinberg',
  'bayer-2',
  'bayer-4',
  'bayer-8',
  'bayer-16',
] as const
export type Dithering = (typeof ditherings)[number]

/** Replaces every pixel of RGB bytes by its nearest palette entry. */
function mapNearest(pixels: Uint8Array, palette: Palette): void {
  const nearest = nearestEntry(palette)
  for (let i = 0; i < pixels.length; i += 3) {
    const entry = nearest(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!) * 3
    pixels.set(palette.subarray(entry, entry + 3), i)
  }
}

const byte = (x: number): number => (x < 0 ? 0 : Math.min(x, 255))

/** Floyd & Steinberg, 1976, in integers: 7, 3, 5 and 1 sixteenths of the error, cut towards zero. */
function mapDiffused(pixels: Uint8Array, width: number, palette: Palette): void {
  const nearest = nearestEntry(palette)
  // Sixteenths of error for this row and the next, a pixel of room on either side.
  let here = new Int32Array((width + 2) * 3)
  let below = new Int32Array((width + 2) * 3)
  for (let row = 0; row < pixels.length; row += width * 3) {
    let blue = 0
    for (let x = 0; x < width; x++) {
      const at = row + x * 3
      const slot = (x + 1) * 3
      for (let c = 0; c < 3; c++)
        pixels[at + c] = byte(pixels[at + c]! + Math.trunc(here[slot + c]! / 16))
      const entry = nearest(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!) * 3
      for (let c = 0; c < 3; c++) {
        const error = pixels[at + c]! - palette[entry + c]!
        here[slot + 3 + c] = here[slot + 3 + c]! + error * 7
        below[slot - 3 + c] = below[slot - 3 + c]! + error * 3
        below[slot + c] = below[slot + c]! + error * 5
        below[slot + 3 + c] = below[slot + 3 + c]! + error
        pixels[at + c] = palette[entry + c]!
        if (c === 2) blue = error
      }
    }
    // Pillow hands the last column's blue error on for all three channels; the same picture needs it.
    const last = width * 3
    below.set([below[last + 2]!, blue, blue], last)
    ;[here, below] = [below, here.fill(0)]
  }
}

/** The order² Bayer matrix, centred on 0 and within ±0.5. https://en.wikipedia.org/wiki/Ordered_dithering */
function bayerMatrix(order: number): Float64Array {
  let matrix = Float64Array.of(0)
  for (let n = 1; n < order; n *= 2) {
    const next = new Float64Array(4 * n * n)
    for (let y = 0; y < 2 * n; y++)
      for (let x = 0; x < 2 * n; x++) {
        const coarse = [-1.5, 0.5, 1.5, -0.5][(y >= n ? 2 : 0) + (x >= n ? 1 : 0)]!
        const q = 4 * n * n
        next[y * 2 * n + x] = (q * matrix[(y % n) * n + (x % n)]! + coarse) / q
      }
    matrix = next
  }
  return matrix
}

/** Adds the matrix, spread over the distance between palette colours, before the nearest is taken. */
function addBayer(pixels: Uint8Array, width: number, order: number, colors: number): void {
  const spread = 512 / colors
  const matrix = bayerMatrix(order).map(value => spread * value + 0.5)
  for (let i = 0; i < pixels.length; i++) {
    const pixel = Math.floor(i / 3)
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    pixels[i] = byte(pixels[i]! + matrix[(y % order) * order + (x % order)]!)
  }
}

/** IMAGE [B,H,W,C] → [B,H,W,3] with at most `colors` colours a picture. */
export function quantize(image: Tensor, colors: number, dithering: Dithering): Tensor {
  const { batch, height, width, channels } = imageShape(image)
  const out = tensor([batch, height, width, 3])
  const size = height * width
  for (let b = 0; b < batch; b++) {
    const rgb = new Float32Array(size * 3)
    for (let p = 0, from = b * size * channels; p < size; p++, from += channels)
      for (let c = 0; c < 3; c++) rgb[p * 3 + c] = image.data[from + c]!
    const pixels = toBytes(rgb)
    const palette = medianCut(pixels, colors)
    if (dithering === 'floyd-steinberg') mapDiffused(pixels, width, palette)
    else {
      if (dithering !== 'none')
        addBayer(pixels, width, Number(dithering.slice(6)), palette.length / 3)
      mapNearest(pixels, palette)
    }
    fromBytes(pixels, out.data.subarray(b * size * 3))
  }
  return out
}
