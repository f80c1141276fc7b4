// PIL's Lanczos on 8-bit pixels, to the bit: 22-bit fixed-point weights, a horizontal and then a
// vertical pass, each rounded to a byte. https://github.com/python-pillow/Pillow (MIT-CMU), Resample.c
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

/** One picture [height, width, channels] → [toHeight, toWidth, channels]. */
export function resizeLanczos(
  bytes: Uint8Array,
  height: number,
  width: number,
  channels: number,
  toHeight: number,
  toWidth: number,
): Uint8Array {
  let picture = bytes
  if (width !== toWidth) {
    picture = new Uint8Array(height * toWidth * channels)
    kernels.filterAcross(bytes, picture, { height, width, channels }, taps(width, toWidth))
  }
  if (height === toHeight) return picture
  const out = new Uint8Array(toHeight * toWidth * channels)
  kernels.filterDown(picture, out, { height, width: toWidth, channels }, taps(height, toHeight))
  return out
}
