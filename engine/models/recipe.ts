// What makes two sessions the same: the file as it is now, and what is computed with it.
import { statSync } from 'node:fs'
import type { Weights } from '../inference/weights.ts'

/** Changes when the file does. */
export function identity(weights: Weights): string {
  const { size, mtimeMs } = statSync(weights.file)
  return `${weights.file} ${size} ${mtimeMs}`
}

/** Bytes of all tensors under a prefix. */
export function weightBytes(weights: Weights, prefix: string): number {
  let bytes = 0
  for (const [name, weight] of weights.tensors) if (name.startsWith(prefix)) bytes += weight.length
  return bytes
}
