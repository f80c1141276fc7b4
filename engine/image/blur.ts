// Gaussian blur and the sharpening built on it. The kernel spans -1..1 whatever its radius, so sigma
// is relative to the radius, as in ComfyUI's ImageBlur. Edges reflect.
import type { Tensor } from '../tensor.ts'
import { imageShape, newImage } from './shape.ts'

/** 2·radius+1 weights that add up to 1. The two-dimensional kernel is their outer product. */
export function gaussian(radius: number, sigma: number): Float32Array {
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) => {
    const x = radius === 0 ? 0 : i / radius - 1
    return Math.exp(-(x * x) / (2 * sigma * sigma))
  })
  const sum = kernel.reduce((a, b) => a + b, 0)
  return kernel.map(weight => weight / sum)
}

/** Mirrors a place outside 0..length-1 back inside, without repeating the edge. */
function reflect(i: number, length: number): number {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  i = Math.abs(i) % period
  return i < length ? i : period - i
}

/** One row [width, channels] with its ends mirrored → `padded` [width + 2·radius, channels]. */
function padRow(
  image: Float32Array,
  start: number,
  width: number,
  channels: number,
  radius: number,
  padded: Float32Array,
): void {
  padded.set(image.subarray(start, start + width * channels), radius * channels)
  const mirror = (x: number) => {
    const from = start + reflect(x, width) * channels
    padded.set(image.subarray(from, from + channels), (x + radius) * channels)
  }
  for (let x = 1; x <= radius; x++) {
    mirror(-x)
    mirror(width - 1 + x)
  }
}

/**
 * out[i] = Σ kernel[k] · rows[k][i]. The kernel is symmetric, so two rows share a multiplication, and
 * two pairs a pass over `out`.
 */
function weightedSum(rows: readonly Float32Array[], kernel: Float32Array, out: Float32Array): void {
  const radius = (kernel.length - 1) / 2
  const [centre, weight] = [rows[radius]!, kernel[radius]!]
  for (let i = 0; i < out.length; i++) out[i] = weight * centre[i]!
  for (let k = 0; k + 1 < radius; k += 2) {
    const [w, v] = [kernel[k]!, kernel[k + 1]!]
    const [a, b, c, d] = [rows[k]!, rows[2 * radius - k]!, rows[k + 1]!, rows[2 * radius - k - 1]!]
    for (let i = 0; i < out.length; i++)
      out[i] = out[i]! + w * (a[i]! + b[i]!) + v * (c[i]! + d[i]!)
  }
  if (radius % 2 === 0) return
  const [a, b, w] = [rows[radius - 1]!, rows[radius + 1]!, kernel[radius - 1]!]
  for (let i = 0; i < out.length; i++) out[i] = out[i]! + w * (a[i]! + b[i]!)
}

/** IMAGE [B,H,W,C] → the same shape. */
export function gaussianBlur(image: Tensor, radius: number, sigma: number): Tensor {
  if (radius === 0) return image
  const { batch, height, width, channels } = imageShape(image)
  const kernel = gaussian(radius, sigma)
  const stride = width * channels
  const padded = new Float32Array((width + 2 * radius) * channels)
  const shifted = Array.from(kernel, (_, k) => padded.subarray(k * channels, k * channels + stride))
  const out = newImage(batch, height, width, channels)
  for (let b = 0; b < batch; b++) {
    const start = b * height * stride
    const wide = Array.from({ length: height }, (_, y) => {
      padRow(image.data, start + y * stride, width, channels, radius, padded)
      const row = new Float32Array(stride)
      weightedSum(shifted, kernel, row)
      return row
    })
    for (let y = 0; y < height; y++) {
      const rows = Array.from(kernel, (_, k) => wide[reflect(y + k - radius, height)]!)
      const from = start + y * stride
      weightedSum(rows, kernel, out.data.subarray(from, from + stride))
    }
  }
  return out
}

/** Unsharp mask: x + 10·alpha·(x − blurred), clipped to 0..1. */
export function sharpen(image: Tensor, radius: number, sigma: number, alpha: number): Tensor {
  const { data } = gaussianBlur(image, radius, sigma)
  const gain = alpha * 10
  if (radius === 0) return image
  for (let i = 0; i < data.length; i++) {
    const x = image.data[i]!
    const value = x + gain * (x - data[i]!)
    data[i] = value < 0 ? 0 : Math.min(value, 1)
  }
  return { shape: image.shape, data }
}
