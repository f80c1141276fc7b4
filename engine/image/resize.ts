// Resizing as ComfyUI does it: torch's `interpolate` (no antialiasing, half-pixel centres) for four
// of the methods, PIL's 8-bit Lanczos for the fifth. Latents pass through the same code as planes.
import { type Tensor, tensor } from '../tensor.ts'
import { fromBytes, toBytes } from './bytes.ts'
import type { Taps } from './kernels/contract.ts'
import { kernels } from './kernels/index.ts'
import { resizeLanczos } from './lanczos.ts'
import { imageShape, maskShape, newImage, newMask } from './shape.ts'

export const resizeMethods = ['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'] as const
export type ResizeMethod = (typeof resizeMethods)[number]

const clamp = (i: number, length: number): number => (i < 0 ? 0 : i >= length ? length - 1 : i)

function linearTaps(from: number, to: number): Taps {
  const taps = { size: 2, from: new Int32Array(to * 2), weight: new Float32Array(to * 2) }
  const scale = Math.fround(from / to)
  for (let i = 0; i < to; i++) {
    const place = Math.max(0, Math.fround(scale * (i + 0.5) - 0.5))
    const low = clamp(Math.floor(place), from)
    taps.from.set([low, clamp(low + 1, from)], i * 2)
    taps.weight.set([1 - (place - low), place - low], i * 2)
  }
  return taps
}

/** Cubic convolution with a = -0.75. https://en.wikipedia.org/wiki/Bicubic_interpolation */
function cubicTaps(from: number, to: number): Taps {
  const a = -0.75
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
  const taps = { size: 4, from: new Int32Array(to * 4), weight: new Float32Array(to * 4) }
  const scale = Math.fround(from / to)
  for (let i = 0; i < to; i++) {
    const place = Math.fround(scale * (i + 0.5) - 0.5)
    const low = Math.floor(place)
    const t = place - low
    for (let k = 0; k < 4; k++) taps.from[i * 4 + k] = clamp(low - 1 + k, from)
    taps.weight.set([far(t + 1), near(t), near(1 - t), far(2 - t)], i * 4)
  }
  return taps
}

/** The mean of all source pixels that an output touches (adaptive average pooling). */
function areaTaps(from: number, to: number): Taps {
  const begin = (i: number) => Math.floor((i * from) / to)
  const end = (i: number) => Math.ceil(((i + 1) * from) / to)
  let size = 1
  for (let i = 0; i < to; i++) size = Math.max(size, end(i) - begin(i))
  const taps = { size, from: new Int32Array(to * size), weight: new Float32Array(to * size) }
  for (let i = 0; i < to; i++) {
    const count = end(i) - begin(i)
    for (let k = 0; k < size; k++) taps.from[i * size + k] = Math.min(begin(i) + k, end(i) - 1)
    taps.weight.fill(1 / count, i * size, i * size + count)
  }
  return taps
}

const tapsOf = {
  bilinear: linearTaps,
  bicubic: cubicTaps,
  area: areaTaps,
}

/** The source place of every output, for nearest-exact. */
function nearestPlaces(from: number, to: number): Int32Array {
  const scale = Math.fround(from / to)
  return Int32Array.from({ length: to }, (_, i) =>
    clamp(Math.floor(Math.fround((i + 0.5) * scale)), from),
  )
}

function pickNearest(
  data: Float32Array,
  planes: number,
  [height, width, channels]: readonly [number, number, number],
  toHeight: number,
  toWidth: number,
  out: Float32Array,
): void {
  const columns = nearestPlaces(width, toWidth)
  const rows = nearestPlaces(height, toHeight)
  let at = 0
  for (let p = 0; p < planes; p++)
    for (let y = 0; y < toHeight; y++) {
      const row = (p * height + rows[y]!) * width
      for (let x = 0; x < toWidth; x++) {
        const from = (row + columns[x]!) * channels
        for (let c = 0; c < channels; c++) out[at++] = data[from + c]!
      }
    }
}

/** Torch-like resizing of `planes` blocks of [height, width, channels]. */
function interpolate(
  data: Float32Array,
  planes: number,
  [height, width, channels]: readonly [number, number, number],
  toHeight: number,
  toWidth: number,
  method: Exclude<ResizeMethod, 'lanczos'>,
  out: Float32Array,
): void {
  if (method === 'nearest-exact') {
    pickNearest(data, planes, [height, width, channels], toHeight, toWidth, out)
    return
  }
  const taps = tapsOf[method]
  const rows = height === toHeight ? undefined : taps(height, toHeight)
  const columns = width === toWidth ? undefined : taps(width, toWidth)
  const [size, toSize] = [height * width * channels, toHeight * toWidth * channels]
  for (let p = 0; p < planes; p++)
    kernels.resample(
      data.subarray(p * size, (p + 1) * size),
      out.subarray(p * toSize, (p + 1) * toSize),
      { height, width, channels },
      rows,
      columns,
    )
}

/** IMAGE [B,H,W,C] → [B,height,width,C]. */
export function resizeImage(
  image: Tensor,
  width: number,
  height: number,
  method: ResizeMethod,
): Tensor {
  const { batch, height: h, width: w, channels } = imageShape(image)
  if (width === w && height === h && method !== 'lanczos') return image
  const out = newImage(batch, height, width, channels)
  if (method !== 'lanczos') {
    interpolate(image.data, batch, [h, w, channels], height, width, method, out.data)
    return out
  }
  const size = h * w * channels
  for (let b = 0; b < batch; b++) {
    const bytes = toBytes(image.data.subarray(b * size, (b + 1) * size))
    const resized = resizeLanczos(bytes, h, w, channels, height, width)
    fromBytes(resized, out.data.subarray(b * resized.length, (b + 1) * resized.length))
  }
  return out
}

/** MASK [B,H,W] → [B,height,width], bilinear unless told otherwise. */
export function resizeMask(
  mask: Tensor,
  width: number,
  height: number,
  method: ResizeMethod = 'bilinear',
): Tensor {
  const { batch, height: h, width: w } = maskShape(mask)
  if (width === w && height === h) return tensor([batch, h, w], mask.data)
  const image = resizeImage(tensor([batch, h, w, 1], mask.data), width, height, method)
  return tensor([batch, height, width], image.data)
}

/** Planar data such as a latent [B,C,H,W]; Lanczos is for pictures only. */
export function resizePlanes(
  samples: Tensor,
  width: number,
  height: number,
  method: Exclude<ResizeMethod, 'lanczos'>,
): Tensor {
  const leading = samples.shape.slice(0, -2)
  const planes = leading.reduce((n, d) => n * d, 1)
  const [h, w] = samples.shape.slice(-2) as [number, number]
  const out = newMask(planes, height, width).data
  interpolate(samples.data, planes, [h, w, 1], height, width, method, out)
  return tensor([...leading, height, width], out)
}

/** Python's `round`: a half goes to the even neighbour. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x)
  const rest = x - low
  if (rest !== 0.5) return Math.round(x)
  return low % 2 === 0 ? low : low + 1
}

/** What must go on the left and on the top (and as much on the other side) to reach an aspect ratio. */
export function centerCrop(
  width: number,
  height: number,
  toWidth: number,
  toHeight: number,
): { x: number; y: number } {
  const aspect = width / height
  const wanted = toWidth / toHeight
  // Rounding must leave something of a side of few pixels.
  const cut = (side: number, share: number) =>
    Math.min(roundHalfEven((side - side * share) / 2), (side - 1) >> 1)
  if (aspect > wanted) return { x: cut(width, wanted / aspect), y: 0 }
  if (aspect < wanted) return { x: 0, y: cut(height, aspect / wanted) }
  return { x: 0, y: 0 }
}

/** Cut to the wanted aspect ratio around the centre, then resized: crop = "center". */
export function resizeCovering(
  image: Tensor,
  width: number,
  height: number,
  method: ResizeMethod,
): Tensor {
  const { height: h, width: w } = imageShape(image)
  const { x, y } = centerCrop(w, h, width, height)
  return resizeImage(cropImage(image, x, y, w - 2 * x, h - 2 * y), width, height, method)
}

/** The part of an image inside the rectangle, clipped to the picture. */
export function cropImage(
  image: Tensor,
  x: number,
  y: number,
  width: number,
  height: number,
): Tensor {
  const { batch, height: h, width: w, channels } = imageShape(image)
  const [right, bottom] = [Math.min(x + width, w), Math.min(y + height, h)]
  if (x === 0 && y === 0 && right === w && bottom === h) return image
  const out = newImage(batch, bottom - y, right - x, channels)
  const stride = (right - x) * channels
  let at = 0
  for (let b = 0; b < batch; b++)
    for (let row = y; row < bottom; row++, at += stride) {
      const from = ((b * h + row) * w + x) * channels
      out.data.set(image.data.subarray(from, from + stride), at)
    }
  return out
}
