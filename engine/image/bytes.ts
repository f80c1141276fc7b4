// Between 8-bit pictures and tensors, with ComfyUI's rounding.

/** 255·x in float32, clipped, then cut off (not rounded): what SaveImage and PIL-backed nodes see. */
export function toBytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length)
  for (let i = 0; i < bytes.length; i++) {
    // float32, or 200/255 would come back as 199
    const x = Math.fround(values[i]! * 255)
    bytes[i] = x >= 255 ? 255 : Math.max(x, 0)
  }
  return bytes
}

const unit = Float32Array.from({ length: 256 }, (_, byte) => byte / 255)

export function fromBytes(
  bytes: Uint8Array,
  into: Float32Array = new Float32Array(bytes.length),
): Float32Array {
  for (let i = 0; i < bytes.length; i++) into[i] = unit[bytes[i]!]!
  return into
}
