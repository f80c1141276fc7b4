// The guidance that a consistency model was distilled with, as its UNet is told it.
// https://arxiv.org/abs/2310.04378, as in diffusers' LatentConsistencyModelPipeline
import { type Tensor, tensor } from '../tensor.ts'
import type { ConditioningItem } from './kinds.ts'

/** Where no node says another. */
const usualGuidance = 8.5
/** Guidance is told as if it were a timestep. */
const factor = 1000

/** [1,width]: sines, then cosines of how far guidance is from none. */
export function toldGuidance(
  { guidance }: Pick<ConditioningItem, 'guidance'>,
  width: number,
): Tensor {
  const half = width / 2
  const out = tensor([1, width])
  for (let i = 0; i < half; i++) {
    const angle = ((guidance ?? usualGuidance) - 1) * factor * 1e4 ** (-i / (half - 1))
    out.data[i] = Math.sin(angle)
    out.data[half + i] = Math.cos(angle)
  }
  return out
}
