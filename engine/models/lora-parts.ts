// What every kind of adapter is made of: its tensors for one layer, the weight they change, and how a
// difference is added to it.
import { basename } from 'node:path'
import type { Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import type { Value } from '../inference/onnx-graph.ts'
import type { Weight } from '../inference/weights.ts'

/** A weight on its way through a stack of adapters. */
export interface Folding {
  layers: Layers
  weight: Value
  shape: readonly number[]
  /** Scalar. */
  strength: Value
}

/** A layer's tensors in the adapter's file, by what follows the layer's name. */
export type Parts = Partial<Record<string, Weight>>

/** W + strength·delta */
export const addScaled = (
  { layers, weight, strength }: Omit<Folding, 'shape'>,
  delta: Value,
): Value => layers.add(weight, layers.graph.op('Mul', [delta, strength]))

export const misfit = (weight: Weight): ModelError =>
  new ModelError(
    `${basename(weight.file)} does not fit this checkpoint: a layer of it is of another size. It was ` +
      'made for another family of models; choose a LoRA for this checkpoint.',
  )
