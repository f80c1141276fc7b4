// What the blocks of Flux and Qwen-Image share: one conditioning vector that modulates everything,
// heads of 128 with rotary positions, norms without weights.
import { DataType, type OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { Heads, Rotation, TransformerLayers } from './transformer-layers.ts'

/** Queries, keys and values, [B,T,hidden] each. */
export type Triple = [Value, Value, Value]

export const headWidth = 128

/** The inputs of a graph: patches [B,T,patchWidth], cos and sin [S+T,64], t [B], context [B,S,contextWidth]. */
export function streamInputs(
  graph: OnnxGraph,
  { patchWidth, contextWidth }: { patchWidth: number; contextWidth: number },
) {
  const input = (name: string, ...dims: (string | number)[]) =>
    graph.input(name, DataType.float, dims)
  const patches = input('patches', 'B', 'T', patchWidth)
  const rotation: Rotation = {
    cos: input('cos', 'N', headWidth / 2),
    sin: input('sin', 'N', headWidth / 2),
    interleaved: true,
  }
  return {
    patches,
    rotation,
    t: input('t', 'B'),
    context: input('context', 'B', 'S', contextWidth),
  }
}

export class RotaryBlocks {
  protected readonly layers: TransformerLayers
  protected readonly hidden: number
  /** SiLU of the time, and of guidance and pooled text where there are any. */
  protected readonly vector: Value
  protected heads: Heads
  private readonly rotation: Rotation

  constructor(layers: TransformerLayers, hidden: number, vector: Value, rotation: Rotation) {
    this.layers = layers
    this.hidden = hidden
    this.vector = vector
    this.rotation = rotation
    this.heads = { heads: hidden / headWidth, width: headWidth }
  }

  /** Adds this to the scores of all attention. */
  withBias(bias: Value): void {
    this.heads = { ...this.heads, bias }
  }

  protected attend([q, k, v]: Triple): Value {
    const { layers, rotation } = this
    return layers.attend([layers.rotate(q, rotation), layers.rotate(k, rotation), v], this.heads)
  }

  protected norm(x: Value): Value {
    return this.layers.normal(x, this.hidden)
  }
}
