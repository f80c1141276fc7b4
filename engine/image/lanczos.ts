// PIL's Lanczos on 8-bit pixels, to the bit: 22-bit fixed-point weights, a horizontal and then a
// vertical pass, each rounded to a byte. https://github.com/python-pillow/Pillow (MIT-CMU), Resample.c

const precisionBits = 22
const support = 3

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI))
const lanczos = (x: number): number => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)

interface Taps {
  /** Most taps that an output has; row `i` of `weights` begins at `i * size`. */
  size: number
  first: Int32Array
  count: Int32Array
  weights: Int32Array
}

function taps(from: number, to: number): Taps {
  const scale = from / to
  const filterScale = Math.max(scale, 1)
  const reach = support * filterScale
  const size = Math.ceil(reach) * 2 + 1
  const first = new Int32Array(to)
  const count = new Int32Array(to)
  const weights = new Int32Array(to * size)
  const exact = new Float64Array(size)
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale
    const begin = Math.max(Math.trunc(centre - reach + 0.5), 0)
    const n = Math.min(Math.trunc(centre + reach + 0.5), from) - begin
    let sum = 0
    for (let k = 0; k < n; k++)
      sum += exact[k] = lanczos((k + begin - centre + 0.5) * (1 / filterScale))
    for (let k = 0; k < n; k++) {
      const weight = (sum === 0 ? exact[k]! : exact[k]! / sum) * 2 ** precisionBits
      weights[i * size + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5)
    }
    first[i] = begin
    count[i] = n
  }
  return { size, first, count, weights }
}

const half = 1 << (precisionBits - 1)
const clip = (sum: number): number => {
  const value = sum >> precisionBits
  return value < 0 ? 0 : Math.min(value, 255)
}

function horizontal(
  source: Uint8Array,
  height: number,
  from: number,
  to: number,
  channels: number,
): Uint8Array {
  const resampling = taps(from, to)
  const out = new Uint8Array(height * to * channels)
  const resample = channels === 3 ? resampleRgb : resampleRow
  for (let y = 0; y < height; y++)
    resample(source, y * from * channels, resampling, channels, out, y * to * channels)
  return out
}

type Resample = (
  source: Uint8Array,
  row: number,
  taps: Taps,
  channels: number,
  out: Uint8Array,
  at: number,
) => void

const resampleRow: Resample = (source, row, { size, first, count, weights }, channels, out, at) => {
  for (let x = 0; x < first.length; x++) {
    const start = row + first[x]! * channels
    const n = count[x]!
    for (let c = 0; c < channels; c++) {
      let sum = half
      for (let k = 0; k < n; k++)
        sum = (sum + Math.imul(weights[x * size + k]!, source[start + k * channels + c]!)) | 0
      out[at++] = clip(sum)
    }
  }
}

/** The same for three channels at once, which is what nearly every picture has. */
const resampleRgb: Resample = (source, row, { size, first, count, weights }, _, out, at) => {
  for (let x = 0; x < first.length; x++) {
    let from = row + first[x]! * 3
    let r = half
    let g = half
    let b = half
    for (let k = x * size, end = k + count[x]!; k < end; k++, from += 3) {
      const weight = weights[k]!
      r = (r + Math.imul(weight, source[from]!)) | 0
      g = (g + Math.imul(weight, source[from + 1]!)) | 0
      b = (b + Math.imul(weight, source[from + 2]!)) | 0
    }
    out[at++] = clip(r)
    out[at++] = clip(g)
    out[at++] = clip(b)
  }
}

/** Works a row at a time, so that memory is read in order. `stride` is values per row. */
function vertical(source: Uint8Array, from: number, to: number, stride: number): Uint8Array {
  const { size, first, count, weights } = taps(from, to)
  const out = new Uint8Array(to * stride)
  const sums = new Int32Array(stride)
  for (let y = 0; y < to; y++) {
    sums.fill(half)
    for (let k = 0; k < count[y]!; k++) {
      const weight = weights[y * size + k]!
      const row = (first[y]! + k) * stride
      for (let i = 0; i < stride; i++) sums[i] = sums[i]! + Math.imul(weight, source[row + i]!)
    }
    for (let i = 0, at = y * stride; i < stride; i++) out[at + i] = clip(sums[i]!)
  }
  return out
}

/** One picture [height, width, channels] → [toHeight, toWidth, channels]. */
export function resizeLanczos(
  bytes: Uint8Array,
  height: number,
  width: number,
  channels: number,
  toHeight: number,
  toWidth: number,
): Uint8Array {
  const wide = width === toWidth ? bytes : horizontal(bytes, height, width, toWidth, channels)
  return height === toHeight ? wide : vertical(wide, height, toHeight, toWidth * channels)
}
