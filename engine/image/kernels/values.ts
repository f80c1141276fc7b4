// Kernels that look at one value at a time.
const { fround } = Math

export function toBytes(values: Float32Array, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    // float32, or 200/255 would come back as 199
    const x = fround(values[i]! * 255)
    bytes[i] = x >= 255 ? 255 : x > 0 ? x | 0 : 0
  }
}

const unit = Float32Array.from({ length: 256 }, (_, byte) => byte / 255)

export function fromBytes(bytes: Uint8Array, values: Float32Array): void {
  for (let i = 0; i < bytes.length; i++) values[i] = unit[bytes[i]!]!
}

export function invert(values: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = 1 - values[i]!
}

// biome-ignore-start lint/complexity/useMathMinMax: comparisons are twice as quick, and NaN is NaN
export function unsharp(values: Float32Array, blurred: Float32Array, gain: number): void {
  for (let i = 0; i < blurred.length; i++) {
    const x = values[i]!
    const value = x + gain * (x - blurred[i]!)
    blurred[i] = value < 0 ? 0 : value > 1 ? 1 : value
  }
}
// biome-ignore-end lint/complexity/useMathMinMax: see above
