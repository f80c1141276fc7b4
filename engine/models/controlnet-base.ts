// ControlNets that were saved as what differs from a UNet, to be smaller once compressed.
import type { Branch, Layers } from '../inference/layers.ts'
import type { Value } from '../inference/onnx-graph.ts'
import type { Weight, Weights } from '../inference/weights.ts'
import { diffusionPrefix } from './transformer.ts'

/** Marks such files. */
export const isDifference = ({ tensors }: Weights): boolean => tensors.has('difference')

/** The UNet: each of its tensors is added to the ControlNet's of the same name. */
export class BaseWeights implements Branch {
  readonly input = 'base'
  readonly weights: Weights
  private readonly prefix: string

  constructor(weights: Weights, prefix: string) {
    this.weights = weights
    this.prefix = prefix
  }

  private own(name: string): Weight | undefined {
    return this.weights.tensors.get(name.replace(this.prefix, diffusionPrefix))
  }

  folds(name: string): boolean {
    return name.startsWith(this.prefix) && this.own(name) !== undefined
  }

  fold(layers: Layers, name: string, value: Value, shape: readonly number[]): Value {
    const own = this.own(name)
    if (!own || own.shape.join() !== shape.join()) return value
    const { graph } = layers
    return layers.add(value, graph.op('Mul', [layers.widen(own), this.input]))
  }

  linear(_: Layers, __: string, ___: Value, y: Value): Value {
    return y
  }

  conv(_: Layers, __: string, ___: Value, y: Value): Value {
    return y
  }
}
