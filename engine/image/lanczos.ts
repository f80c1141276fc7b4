// Pillow's Lanczos on 8-bit pixels, to the bit: 22-bit fixed-point weights, one pass across and one
// down, each rounded to a byte. https://github.com/python-pillow/Pillow (MIT-CMU), Resample.c
import type { FixedTaps } from './kernels/contract.ts'
import { kernels } from './kernels/index.ts'

const precisionBits = 22
const support = 3

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI))
const lanczos = (x: number): number => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)

function taps(from: number, to: number): FixedTaps {
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

/** Pillow 13 goes down first where that loses far more rows than going across loses columns. */
const goesDownFirst = (height: number, width: number, toHeight: number, toWidth: number): boolean =>
  toHeight < height && height - toHeight > 2 * (width - toWidth)

/**
 * One picture [height, width, channels] → [toHeight, toWidth, channels]. The last of 2 or 4 channels
 * is alpha, and colours count by it.
 */
export function resizeLanczos(
  bytes: Uint8Array,
  height: number,
  width: number,
  channels: number,
  toHeight: number,
  toWidth: number,
): Uint8Array {
  if (width === toWidth && height === toHeight) return bytes
  const across = (picture: Uint8Array, rows: number): Uint8Array => {
    if (width === toWidth) return picture
    const out = new Uint8Array(rows * toWidth * channels)
    kernels.filterAcross(picture, out, { height: rows, width, channels }, taps(width, toWidth))
    return out
  }
  const down = (picture: Uint8Array, columns: number): Uint8Array => {
    if (height === toHeight) return picture
    const out = new Uint8Array(toHeight * columns * channels)
    kernels.filterDown(picture, out, { height, width: columns, channels }, taps(height, toHeight))
    return out
  }
  const hasAlpha = channels === 2 || channels === 4
  const source = hasAlpha ? premultiplied(bytes, channels) : bytes
  const out = goesDownFirst(height, width, toHeight, toWidth)
    ? across(down(source, width), toHeight)
    : down(across(source, height), toWidth)
  if (hasAlpha) divideByAlpha(out, channels)
  return out
}

function premultiplied(bytes: Uint8Array, channels: number): Uint8Array {
  const out = Uint8Array.from(bytes)
  for (let at = 0; at < out.length; at += channels) {
    const alpha = out[at + channels - 1]!
    for (let i = at; i < at + channels - 1; i++) {
      // x · alpha / 255, rounded
      const product = out[i]! * alpha + 128
      out[i] = ((product >> 8) + product) >> 8
    }
  }
  return out
}

function divideByAlpha(bytes: Uint8Array, channels: number): void {
  for (let at = 0; at < bytes.length; at += channels) {
    const alpha = bytes[at + channels - 1]!
    if (alpha === 0 || alpha === 255) continue
    for (let i = at; i < at + channels - 1; i++)
      bytes[i] = Math.min(255, Math.trunc((255 * bytes[i]!) / alpha))
  }
}
