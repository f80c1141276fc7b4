// Bicubic resizing that averages when it makes smaller, as torch's `interpolate` with antialias does
// for the input of vision networks: in float32, across first. Filter and bounds as in PIL.
import { type Tensor, tensor } from '../tensor.ts'
import { imageShape } from './shape.ts'

const { fround } = Math

/** Cubic convolution with a = -0.5. https://en.wikipedia.org/wiki/Bicubic_interpolation */
function cubic(distance: number): number {
  const d = Math.abs(distance)
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0
}

/** For an output: the first place to read, and the weight of each from there on. */
interface Reach {
  first: number
  weights: Float32Array
}

function reaches(from: number, to: number): Reach[] {
  const scale = fround(from / to)
  const stretch = Math.max(1, scale)
  const support = 2 * stretch
  return Array.from({ length: to }, (_, i) => {
    const center = fround(scale * (i + 0.5))
    const first = Math.max(0, Math.trunc(fround(center - support + 0.5)))
    const count = Math.min(from, Math.trunc(fround(center + support + 0.5))) - first
    const weights = Float32Array.from({ length: count }, (_, k) =>
      cubic(fround(fround(first + k - center + 0.5) / stretch)),
    )
    const sum = weights.reduce((a, b) => fround(a + b), 0)
    return { first, weights: weights.map(weight => weight / sum) }
  })
}

/** Resizes the middle one of three dimensions: [outer, length, inner] → [outer, reaches, inner]. */
function along(
  values: Float32Array,
  [outer, length, inner]: readonly [number, number, number],
  places: readonly Reach[],
): Float32Array {
  const out = new Float32Array(outer * places.length * inner)
  let to = 0
  for (let o = 0; o < outer; o++)
    for (const { first, weights } of places) {
      const from = (o * length + first) * inner
      for (let i = 0; i < inner; i++) {
        let sum = 0
        // One rounding a step, as with a fused multiply-add.
        for (let k = 0; k < weights.length; k++)
          sum = fround(sum + values[from + k * inner + i]! * weights[k]!)
        out[to++] = sum
      }
    }
  return out
}

/** IMAGE [B,H,W,C] → [B,height,width,C], not clipped. */
export function resizeAntialiased(image: Tensor, width: number, height: number): Tensor {
  const { batch, height: h, width: w, channels } = imageShape(image)
  const across = along(image.data, [batch * h, w, channels], reaches(w, width))
  const down = along(across, [batch, h, width * channels], reaches(h, height))
  return tensor([batch, height, width, channels], down)
}
