// A weight in 8 bits: whole levels, and one scale an output that makes them numbers again.
import { readFileSync } from 'node:fs'

/** [out,in] or [out,in,kh,kw] → levels [kh·kw·in,out], taps before channels, and scale [out]. */
export function roundWeight(values: Float32Array, shape: readonly number[]) {
  const [outputs, inputs, ...kernel] = shape as [number, number]
  const taps = kernel.reduce((a, b) => a * b, 1)
  const row = inputs * taps
  const most = levelMax()
  const levels = new Int8Array(values.length)
  const scale = new Float32Array(outputs)
  // Some outputs at a time: rounded as they lie, then turned while they are in the cache.
  const rows = new Int8Array(Math.min(outputs, outputsAtOnce) * row)
  for (let first = 0; first < outputs; first += outputsAtOnce) {
    const count = Math.min(outputsAtOnce, outputs - first)
    for (let i = 0; i < count; i++) {
      const weights = values.subarray((first + i) * row, (first + i + 1) * row)
      scale[first + i] = largest(weights) / most || 1
      roundRow(weights, scale[first + i]!, rows.subarray(i * row, (i + 1) * row))
    }
    for (let tap = 0; tap < taps; tap++)
      for (let input = 0; input < inputs; input++) {
        const to = (tap * inputs + input) * outputs + first
        for (let i = 0; i < count; i++) levels[to + i] = rows[i * row + input * taps + tap]!
      }
  }
  return { levels, scale }
}

const outputsAtOnce = 64

function largest(values: Float32Array): number {
  let found = 0
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!)
    if (size > found) found = size
  }
  return found
}

/** Math.round for -128..127, at a third of its time: cutting off rounds down what is positive. */
function roundRow(values: Float32Array, scale: number, levels: Int8Array): void {
  for (let i = 0; i < values.length; i++) levels[i] = ((values[i]! / scale + 128.5) | 0) - 128
}

let most: number | undefined

/**
 * AVX2 adds pairs of products in 16 bits, which full levels overflow: one bit less there. Processors
 * with VNNI or AMX, and ARM, add in 32.
 */
export function levelMax(): number {
  return (most ??=
    process.arch === 'arm64' || /\bavx(512)?_vnni\b/.test(processorFlags()) ? 127 : 63)
}

function processorFlags(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
