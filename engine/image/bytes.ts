// Between 8-bit pictures and tensors, with ComfyUI's rounding.
import { kernels } from './kernels/index.ts'

/** 255·x in float32, clipped, then cut off (not rounded): what SaveImage and PIL-backed nodes see. */
export function toBytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length)
  kernels.toBytes(values, bytes)
  return bytes
}

/** @param into at least as long as `bytes` */
export function fromBytes(
  bytes: Uint8Array,
  into: Float32Array = new Float32Array(bytes.length),
): Float32Array {
  kernels.fromBytes(bytes, into.subarray(0, bytes.length))
  return into
}

/** 16-bit values → 0..1 */
export function fromShorts(values: Uint16Array): Float32Array {
  const out = new Float32Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = values[i]! / 65535
  return out
}

/** 65535·x, clipped and rounded, as two bytes each, the high one first. */
export function toShorts(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 2)
  for (let i = 0; i < values.length; i++) {
    const short = Math.round(Math.min(Math.max(values[i]!, 0), 1) * 65535) || 0
    bytes[2 * i] = short >> 8
    bytes[2 * i + 1] = short & 255
  }
  return bytes
}
