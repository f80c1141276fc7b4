// Gaussian blur and the sharpening built on it. The kernel spans -1..1 whatever its radius, so sigma
// is relative to the radius, as in ComfyUI's ImageBlur. Edges reflect.
import type { Tensor } from '../tensor.ts'
import { kernels } from './kernels/index.ts'
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

/** IMAGE [B,H,W,C] → the same shape. */
export function gaussianBlur(image: Tensor, radius: number, sigma: number): Tensor {
  if (radius === 0) return image
  const { batch, ...extent } = imageShape(image)
  const { height, width, channels } = extent
  const kernel = gaussian(radius, sigma)
  const out = newImage(batch, height, width, channels)
  const size = height * width * channels
  for (let from = 0; from < out.data.length; from += size) {
    const picture = image.data.subarray(from, from + size)
    kernels.blur(picture, out.data.subarray(from, from + size), extent, kernel)
  }
  return out
}

/** Unsharp mask: x + 10·alpha·(x − blurred), clipped to 0..1. */
export function sharpen(image: Tensor, radius: number, sigma: number, alpha: number): Tensor {
  if (radius === 0) return image
  const out = gaussianBlur(image, radius, sigma)
  kernels.unsharp(image.data, out.data, alpha * 10)
  return out
}
