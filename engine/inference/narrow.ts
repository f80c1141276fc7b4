// float32 to the types that weights are stored in, rounded to the nearest, ties to even.

import { float8ToFloat } from './float8.ts'
import { floatToHalf } from './half.ts'
import { ModelError } from './model-error.ts'
import type { WeightType } from './weights.ts'

/** Largest number of the 8-bit types, which have no room for more. */
const float8Max = { F8_E4M3: 448, F8_E5M2: 57344 } as const
export type Float8Type = keyof typeof float8Max

export const isFloat8 = (type: WeightType): type is Float8Type => type in float8Max

/** Types that hold floating point numbers. */
export const isFloating = (type: WeightType): boolean => /^(F|BF)\d/.test(type)

/**
 * Values as bytes of a file. What is too large for 8 bits becomes the largest number there is.
 * @throws ModelError for types that are not floating point
 */
export function narrowed(values: Float32Array, type: WeightType): Uint8Array {
  switch (type) {
    case 'F32':
      return bytesOf(values)
    case 'F64':
      return bytesOf(Float64Array.from(values))
    case 'F16':
      return bytesOf(toHalf(values))
    case 'BF16':
      return bytesOf(toBfloat16(values))
    case 'F8_E4M3':
    case 'F8_E5M2':
      return toFloat8(values, type)
    default:
      throw new ModelError(`Numbers cannot be stored as ${type}.`)
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Most weights are neither tiny nor huge: their exponent moves and the fraction is cut. */
function toHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const out = new Uint16Array(values.length)
  for (let i = 0; i < out.length; i++) {
    const x = bits[i]!
    const size = x & 0x7fffffff
    // From 2^-14 to what rounds to 65504: half of a unit less one, and one more if the unit is odd.
    if (size >= 0x38800000 && size < 0x477fe000)
      out[i] = ((x >>> 16) & 0x8000) | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13)
    else out[i] = floatToHalf(values[i]!)
  }
  return out
}

/** The upper half of a float32. Numbers that are none keep a bit that says so. */
function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const out = new Uint16Array(values.length)
  for (let i = 0; i < out.length; i++) {
    const x = bits[i]!
    const isNan = (x & 0x7fffffff) > 0x7f800000
    out[i] = isNan ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16
  }
  return out
}

function toFloat8(values: Float32Array, type: Float8Type): Uint8Array {
  const { bounds, most } = tableOf(type)
  const out = new Uint8Array(values.length)
  for (let i = 0; i < out.length; i++) {
    const value = values[i]!
    const code = Number.isNaN(value) ? 0x7f : nearest(Math.abs(value), bounds, most)
    out[i] = code | (value < 0 || Object.is(value, -0) ? 0x80 : 0)
  }
  return out
}

interface Float8Table {
  /** Where one code ends and the next begins, by code. */
  bounds: Float64Array
  /** Code of the largest number. */
  most: number
}
const tables = new Map<Float8Type, Float8Table>()

function tableOf(type: Float8Type): Float8Table {
  const known = tables.get(type)
  if (known) return known
  const format = type === 'F8_E4M3' ? 'e4m3fn' : 'e5m2'
  const numbers = float8ToFloat(
    Uint8Array.from({ length: 128 }, (_, code) => code),
    format,
  )
  const most = numbers.indexOf(float8Max[type])
  const bounds = Float64Array.from({ length: most }, (_, i) => (numbers[i]! + numbers[i + 1]!) / 2)
  const table = { bounds, most }
  tables.set(type, table)
  return table
}

/** By halving: the code whose stretch holds `size`; on a boundary the even one. */
function nearest(size: number, bounds: Float64Array, most: number): number {
  let [low, high] = [0, most]
  while (low < high) {
    const middle = (low + high) >> 1
    const bound = bounds[middle]!
    if (size < bound || (size === bound && middle % 2 === 0)) high = middle
    else low = middle + 1
  }
  return low
}
