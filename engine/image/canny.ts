// Canny's edge detector with kornia's choices: 5×5 Gaussian of σ 1, Sobel, eight directions, and
// hysteresis until nothing changes. https://doi.org/10.1109/TPAMI.1986.4767851
import { type Tensor, tensor } from '../tensor.ts'
import { luma } from './color.ts'
import { imageShape } from './shape.ts'

/** Its planes have a border of one pixel all round, so that no neighbour needs a check. */
class Bordered {
  readonly stride: number
  readonly data: Float32Array
  readonly width: number
  readonly height: number

  constructor(width: number, height: number) {
    this.width = width
    this.height = height
    this.stride = width + 2
    this.data = new Float32Array(this.stride * (height + 2))
  }

  /** Where row `y` begins. */
  row(y: number): number {
    return (y + 1) * this.stride + 1
  }
}

const kernel = ((): [number, number, number, number, number] => {
  const weights = [-2, -1, 0, 1, 2].map(x => Math.exp(-(x * x) / 2))
  const sum = weights.reduce((a, b) => a + b)
  return weights.map(weight => weight / sum) as [number, number, number, number, number]
})()

/** Mirrors a place up to two outside 0..length-1 back inside, without repeating the edge. */
const fold = (i: number, length: number): number =>
  Math.min(Math.max(i < 0 ? -i : i >= length ? 2 * length - 2 - i : i, 0), length - 1)

/** Blurred, with the outermost pixels repeated in the border. */
function smooth(grey: Float32Array, width: number, height: number): Bordered {
  const [k0, k1, k2, k3, k4] = kernel
  const across = new Float32Array(width * height)
  const padded = new Float32Array(width + 4)
  for (let y = 0, i = 0; y < height; y++) {
    padded.set(grey.subarray(y * width, (y + 1) * width), 2)
    for (const x of [-2, -1, width, width + 1]) padded[x + 2] = grey[y * width + fold(x, width)]!
    for (let x = 0; x < width; x++, i++) {
      const left = k0 * padded[x]! + k1 * padded[x + 1]!
      across[i] = left + k2 * padded[x + 2]! + k3 * padded[x + 3]! + k4 * padded[x + 4]!
    }
  }
  const out = new Bordered(width, height)
  const { data, stride } = out
  const rowOf = (y: number) =>
    across.subarray(fold(y, height) * width, (fold(y, height) + 1) * width)
  for (let y = 0; y < height; y++) {
    const [a, b, c] = [rowOf(y - 2), rowOf(y - 1), rowOf(y)]
    const [d, e] = [rowOf(y + 1), rowOf(y + 2)]
    const at = out.row(y)
    for (let x = 0; x < width; x++)
      data[at + x] = k0 * a[x]! + k1 * b[x]! + k2 * c[x]! + k3 * d[x]! + k4 * e[x]!
    data[at - 1] = data[at]!
    data[at + width] = data[at + width - 1]!
  }
  data.copyWithin(0, stride, 2 * stride)
  data.copyWithin((height + 1) * stride, height * stride, (height + 1) * stride)
  return out
}

/** tan 22.5°: flatter or steeper than this is along an axis, else a diagonal. */
const eighth = Math.SQRT2 - 1

/** Gradient magnitude, kept only where it is larger than both neighbours along the gradient. */
function ridges({ width, height, stride, data }: Bordered): Bordered {
  const magnitude = new Bordered(width, height)
  const direction = new Uint8Array(data.length)
  const strength = magnitude.data
  for (let y = 0; y < height; y++)
    for (let i = magnitude.row(y), end = i + width; i < end; i++) {
      const [up, down] = [i - stride, i + stride]
      const left = data[up - 1]! + 2 * data[i - 1]! + data[down - 1]!
      const right = data[up + 1]! + 2 * data[i + 1]! + data[down + 1]!
      const above = data[up - 1]! + 2 * data[up]! + data[up + 1]!
      const below = data[down - 1]! + 2 * data[down]! + data[down + 1]!
      const [gx, gy] = [right - left, below - above]
      strength[i] = Math.sqrt(gx * gx + gy * gy + 1e-6)
      const [ax, ay] = [Math.abs(gx), Math.abs(gy)]
      direction[i] = ay <= eighth * ax ? 0 : ax <= eighth * ay ? 2 : gx * gy > 0 ? 1 : 3
    }
  // Right, down right, down, down left: the way back is the same step negated.
  const steps = Int32Array.of(1, stride + 1, stride, stride - 1)
  const kept = new Bordered(width, height)
  for (let y = 0; y < height; y++)
    for (let i = kept.row(y), end = i + width; i < end; i++) {
      const step = steps[direction[i]!]!
      const value = strength[i]!
      if (value > strength[i + step]! && value > strength[i - step]!) kept.data[i] = value
    }
  return kept
}

/** Strong edges, and the weak ones that hang on to them. 0 or 1 per pixel, bordered too. */
function hysteresis({ stride, data }: Bordered, low: number, high: number): Uint8Array {
  const edges = new Uint8Array(data.length)
  const open: number[] = []
  for (let i = 0; i < data.length; i++)
    if (data[i]! > high && data[i]! > low) {
      edges[i] = 1
      open.push(i)
    }
  const around = [1, stride + 1, stride, stride - 1].flatMap(step => [step, -step])
  for (let i = open.pop(); i !== undefined; i = open.pop())
    for (const step of around) {
      const next = i + step
      if (edges[next] || !(data[next]! > low)) continue
      edges[next] = 1
      open.push(next)
    }
  return edges
}

/**
 * IMAGE [B,H,W,C] → white lines on black [B,H,W,3]. Thresholds are gradient magnitudes, above 0: the
 * border, which is 0, must not pass them.
 */
export function canny(image: Tensor, low: number, high: number): Tensor {
  const { batch, height, width, channels } = imageShape(image)
  const size = height * width
  const { data } = tensor([batch, height, width, 3])
  const grey = new Float32Array(size)
  for (let b = 0, at = 0; b < batch; b++) {
    for (let i = 0, from = b * size * channels; i < size; i++, from += channels)
      grey[i] = luma(image.data[from]!, image.data[from + 1]!, image.data[from + 2]!)
    const found = ridges(smooth(grey, width, height))
    const edges = hysteresis(found, low, high)
    for (let y = 0; y < height; y++)
      for (let i = found.row(y), end = i + width; i < end; i++, at += 3)
        if (edges[i]) data[at] = data[at + 1] = data[at + 2] = 1
  }
  return tensor([batch, height, width, 3], data)
}
