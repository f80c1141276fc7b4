// The vector that a `label_emb` adds to the time embedding.
import { type Tensor, tensor } from '../tensor.ts'
import type { ConditioningItem } from './kinds.ts'

/**
 * The starter model is trained on the pooled text itself. Conditioning without one (zeroed, or from
 * a node that makes none) gives zeros, as the network saw for no text at all.
 */
export function pooledVector(width: number, { pooled }: ConditioningItem): Tensor | undefined {
  if (width === 0) return undefined
  return pooled?.shape[1] === width ? pooled : tensor([1, width])
}
