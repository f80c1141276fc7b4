// Canny's edge detector with kornia's choices: 5×5 Gaussian of σ 1, Sobel, eight directions, and
// hysteresis until nothing changes. https://doi.org/10.1109/TPAMI.1986.4767851
import { type Tensor, tensor } from '../tensor.ts'
import { luma } from './color.ts'
import { imageShape } from './shape.ts'

interface Plane {
  width: number
  height: number
  data: Float32Array
}

/** Reads with the edge repeated. */
const edge = ({ width, height, data }: Plane, x: number, y: number): number =>
  data[Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)]!

/** Reads with the picture mirrored at its edges. */
function mirrored({ width, height, data }: Plane, x: number, y: number): number {
  const fold = (i: number, length: number): number =>
    Math.min(Math.max(i < 0 ? -i : i >= length ? 2 * length - 2 - i : i, 0), length - 1)
  return data[fold(y, height) * width + fold(x, width)]!
}

const kernel = ((): number[] => {
  const weights = [-2, -1, 0, 1, 2].map(x => Math.exp(-(x * x) / 2))
  const sum = weights.reduce((a, b) => a + b)
  return weights.map(weight => weight / sum)
})()

function smooth(plane: Plane): Plane {
  const { width, height } = plane
  const across: Plane = { width, height, data: new Float32Array(width * height) }
  const out: Plane = { width, height, data: new Float32Array(width * height) }
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      across.data[i] = kernel.reduce((sum, k, d) => sum + k * mirrored(plane, x + d - 2, y), 0)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      out.data[i] = kernel.reduce((sum, k, d) => sum + k * mirrored(across, x, y + d - 2), 0)
  return out
}

/** Steps to the neighbour in each of eight directions, 45° apart, from the right round by the bottom. */
const neighbours = [
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
] as const

/** Gradient magnitude, kept only where it is larger than both neighbours along the gradient. */
function ridges(plane: Plane): Plane {
  const { width, height } = plane
  const size = width * height
  const magnitude: Plane = { width, height, data: new Float32Array(size) }
  const direction = new Uint8Array(size)
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const side = (dx: number): number =>
        edge(plane, x + dx, y - 1) + 2 * edge(plane, x + dx, y) + edge(plane, x + dx, y + 1)
      const level = (dy: number): number =>
        edge(plane, x - 1, y + dy) + 2 * edge(plane, x, y + dy) + edge(plane, x + 1, y + dy)
      const [gx, gy] = [side(1) - side(-1), level(1) - level(-1)]
      magnitude.data[i] = Math.sqrt(gx * gx + gy * gy + 1e-6)
      direction[i] = (Math.round(Math.atan2(gy, gx) / (Math.PI / 4)) + 8) % 8
    }
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : magnitude.data[y * width + x]!
  const kept: Plane = { width, height, data: new Float32Array(size) }
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const [dx, dy] = neighbours[direction[i]!]!
      const value = magnitude.data[i]!
      if (value > at(x + dx, y + dy) && value > at(x - dx, y - dy)) kept.data[i] = value
    }
  return kept
}

/** Strong edges, and the weak ones that hang on to them. 0 or 1 per pixel. */
function hysteresis({ width, height, data }: Plane, low: number, high: number): Uint8Array {
  const edges = new Uint8Array(data.length)
  const open: number[] = []
  for (let i = 0; i < data.length; i++)
    if (data[i]! > high && data[i]! > low) {
      edges[i] = 1
      open.push(i)
    }
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    const [x, y] = [i % width, Math.floor(i / width)]
    for (const [dx, dy] of neighbours) {
      const [nx, ny] = [x + dx, y + dy]
      if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue
      const next = ny * width + nx
      if (edges[next] || !(data[next]! > low)) continue
      edges[next] = 1
      open.push(next)
    }
  }
  return edges
}

/** IMAGE [B,H,W,C] → white lines on black [B,H,W,3]. Thresholds are gradient magnitudes in 0..1. */
export function canny(image: Tensor, low: number, high: number): Tensor {
  const { batch, height, width, channels } = imageShape(image)
  const size = height * width
  const out = tensor([batch, height, width, 3])
  for (let b = 0; b < batch; b++) {
    const grey = new Float32Array(size)
    for (let i = 0, from = b * size * channels; i < size; i++, from += channels)
      grey[i] = luma(image.data[from]!, image.data[from + 1]!, image.data[from + 2]!)
    const edges = hysteresis(ridges(smooth({ width, height, data: grey })), low, high)
    for (let i = 0; i < size; i++)
      out.data.fill(edges[i]!, (b * size + i) * 3, (b * size + i) * 3 + 3)
  }
  return out
}
