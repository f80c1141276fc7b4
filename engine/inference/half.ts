// IEEE half precision and bfloat16, to and from float32. https://en.wikipedia.org/wiki/Half-precision_floating-point_format
const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)

function widen(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 31
  const fraction = half & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

let table: Float32Array | undefined

/** Exact: every half has a float32. */
export function halfToFloat(halves: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, half) => widen(half))
  const known = table
  const out = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) out[i] = known[halves[i]!]!
  return out
}

/** Rounds to the nearest half, ties to even. */
export function floatToHalf(value: number): number {
  float[0] = value
  const x = bits[0]!
  const sign = (x >>> 16) & 0x8000
  const exponent = ((x >>> 23) & 255) - 112
  const fraction = x & 0x7fffff
  if (exponent === 143) return sign | 0x7c00 | (fraction ? 0x200 : 0)
  if (exponent >= 31) return sign | 0x7c00
  if (exponent < -10) return sign
  // Subnormal halves keep fewer bits of the fraction, with its leading one written out.
  const shift = exponent > 0 ? 13 : 14 - exponent
  const whole = exponent > 0 ? (exponent << 23) | fraction : fraction | 0x800000
  const kept = whole >>> shift
  const rest = whole & ((1 << shift) - 1)
  const tie = 1 << (shift - 1)
  return sign | (kept + (rest > tie || (rest === tie && kept & 1) ? 1 : 0))
}

/** bfloat16 is the upper half of a float32. */
export function bfloat16ToFloat(values: Uint16Array): Float32Array {
  const out = new Uint32Array(values.length)
  for (let i = 0; i < values.length; i++) out[i] = values[i]! << 16
  return new Float32Array(out.buffer)
}
