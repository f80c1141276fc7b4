// Bicubic resizing that averages when it makes smaller, as torch's `interpolate` with antialias does
// for the input of vision networks. Filter and bounds as in PIL; in float32, across first, and with
// the very roundings of torch's x86 build, since what comes out is rounded to bytes: one value on the
// wrong side of a half is seen in the vision model's answer.
import { type Tensor, tensor } from '../tensor.ts'
import { imageShape } from './shape.ts'

const { fround } = Math

/** a · b + c with one rounding: the product of two float32 is exact in a double. */
const fma = (a: number, b: number, c: number): number => fround(a * b + c)

/** Cubic convolution with a = -0.5. https://en.wikipedia.org/wiki/Bicubic_interpolation */
function cubic(distance: number): number {
  const d = Math.abs(distance)
  if (d < 1) return fma(fround(fma(1.5, d, -2.5) * d), d, 1)
  return d < 2 ? fma(fma(fma(-0.5, d, 2.5), d, -4), d, 2) : 0
}

/** For an output: the first place to read, and the weight of each from there on. */
interface Reach {
  first: number
  weights: Float32Array
}

function reaches(from: number, to: number): Reach[] {
  const scale = fround(from / to)
  const stretch = Math.max(1, scale)
  const shrink = fround(1 / stretch)
  const support = 2 * stretch
  return Array.from({ length: to }, (_, i) => {
    const center = fround(scale * (i + 0.5))
    const first = Math.max(0, Math.trunc(fround(center - support + 0.5)))
    const count = Math.min(from, Math.trunc(fround(center + support + 0.5))) - first
    const weights = Float32Array.from({ length: count }, (_, k) =>
      cubic(fround((fround(first + k - center) + 0.5) * shrink)),
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
      // After the first, four at a time are multiplied and then added; what is left is fused.
      const rounded = 1 + 4 * Math.floor((weights.length - 1) / 4)
      for (let i = 0; i < inner; i++) {
        let sum = fround(values[from + i]! * weights[0]!)
        for (let k = 1; k < weights.length; k++) {
          const value = values[from + k * inner + i]!
          sum =
            k < rounded ? fround(sum + fround(value * weights[k]!)) : fma(value, weights[k]!, sum)
        }
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
