// Where on the latent a condition has a say, and how much at each place.
import { type Tensor, tensor } from '../tensor.ts'
import type { Area, Condition } from './conditions.ts'

/** An area's border fades over this many latent pixels. */
const fade = 8

/** One condition on its piece of the latent. */
export interface Piece {
  condition: Condition
  side: number
  area: Area
}

/** A side's conditions that have a say at `sigma`. */
export function piecesAt(
  conditions: readonly Condition[],
  side: number,
  { shape }: Tensor,
  sigma: number,
): Piece[] {
  const [height, width] = shape.slice(-2) as [number, number]
  return conditions
    .filter(({ startSigma, endSigma }) => sigma <= startSigma && sigma >= endSigma)
    .map(condition => ({
      condition,
      side,
      area: condition.area ?? { x: 0, y: 0, width, height },
    }))
}

/** What lies in an area of [B,C,h,w]. */
export function cropTo(x: Tensor, area: Area): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number]
  const out = tensor([batch, channels, area.height, area.width])
  if (out.data.length === x.data.length) {
    out.data.set(x.data)
    return out
  }
  let at = 0
  for (let plane = 0; plane < batch * channels; plane++)
    for (let row = area.y; row < area.y + area.height; row++, at += area.width) {
      const from = (plane * height + row) * width + area.x
      out.data.set(x.data.subarray(from, from + area.width), at)
    }
  return out
}

/** Adds a piece's x0 where it lies, by its weight, or by what of all weight is left. */
export function addPiece(
  sum: { values: Float32Array; weights: Float32Array },
  shape: readonly number[],
  piece: Piece,
  answer: Float32Array,
  left?: Float32Array,
): void {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const { area } = piece
  let at = 0
  for (let b = 0; b < batch; b++) {
    const weights = weightsOf(piece, b, width, height)
    for (let c = 0; c < channels; c++)
      for (let row = 0; row < area.height; row++) {
        const to = ((b * channels + c) * height + area.y + row) * width + area.x
        for (let column = 0; column < area.width; column++, at++) {
          const weight = left ? left[to + column]! : weights[row * area.width + column]!
          sum.values[to + column]! += answer[at]! * weight
          sum.weights[to + column]! += weight
        }
      }
  }
}

/** [area.height · area.width] for one image: strength, times the mask or the faded border. */
function weightsOf(
  { condition, area }: Piece,
  image: number,
  width: number,
  height: number,
): Float32Array {
  const { strength, mask, maskStrength } = condition
  const weights = new Float32Array(area.width * area.height).fill(strength)
  if (mask) {
    const start = (image % mask.shape[0]!) * width * height
    for (let i = 0; i < weights.length; i++) {
      const [column, row] = [i % area.width, Math.floor(i / area.width)]
      weights[i]! *= mask.data[start + (area.y + row) * width + area.x + column]! * maskStrength
    }
  } else if (condition.area) {
    const across = ramp(area.x, area.width, width)
    const down = ramp(area.y, area.height, height)
    for (let i = 0; i < weights.length; i++)
      weights[i]! *= across[i % area.width]! * down[Math.floor(i / area.width)]!
  }
  return weights
}

/** Rises to 1 at both ends of a stretch, except where it ends with the picture. */
function ramp(start: number, length: number, whole: number): Float32Array {
  const out = new Float32Array(length).fill(1)
  const steps = Math.min(fade, Math.floor(length / 4))
  for (let t = 0; t < steps; t++) {
    if (start > 0) out[t]! *= (t + 1) / steps
    if (start + length < whole) out[length - 1 - t]! *= (t + 1) / steps
  }
  return out
}
