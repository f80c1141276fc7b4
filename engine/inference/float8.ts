// The two 8-bit floating point formats of model files. https://arxiv.org/abs/2209.05433

export type Float8 = 'e4m3fn' | 'e5m2'

const shapes: Record<Float8, { fractionBits: number; bias: number }> = {
  e4m3fn: { fractionBits: 3, bias: 7 },
  e5m2: { fractionBits: 2, bias: 15 },
}

function widen(code: number, format: Float8): number {
  const { fractionBits, bias } = shapes[format]
  const sign = code & 0x80 ? -1 : 1
  const magnitude = code & 0x7f
  const exponent = magnitude >> fractionBits
  const fraction = (magnitude & ((1 << fractionBits) - 1)) / (1 << fractionBits)
  // E4M3 has no infinity: its last code alone is not a number.
  if (format === 'e4m3fn' ? magnitude === 0x7f : magnitude > 0x7c) return Number.NaN
  if (format === 'e5m2' && magnitude === 0x7c) return sign * Number.POSITIVE_INFINITY
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias)
  return sign * (1 + fraction) * 2 ** (exponent - bias)
}

/** Exact: every code has a float32. */
export function float8ToFloat(codes: Uint8Array, format: Float8): Float32Array {
  const table = Float32Array.from({ length: 256 }, (_, code) => widen(code, format))
  const out = new Float32Array(codes.length)
  for (let i = 0; i < codes.length; i++) out[i] = table[codes[i]!]!
  return out
}
