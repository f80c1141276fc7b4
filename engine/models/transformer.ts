// What the families of diffusion transformers have in common: a file becomes a graph over patches,
// a latent becomes the graph's inputs, and its answer becomes a latent.
import type { OnnxGraph } from '../inference/onnx-graph.ts'
import type { Ids } from '../inference/session.ts'
import type { Weights } from '../inference/weights.ts'
import type { Tensor } from '../tensor.ts'
import type { ConditioningItem, NetworkBlocks, NetworkInput } from './kinds.ts'
import type { GraphOptions } from './unet.ts'

/** All networks go by checkpoint names. */
export const diffusionPrefix = 'model.diffusion_model.'

/** One file's network. */
export interface Transformer {
  /** Of the latent it takes. */
  readonly channels: number
  readonly contextWidth: number
  /** Width of the pooled text, 0 without one. */
  readonly pooledWidth: number
  build(options: GraphOptions): OnnxGraph
  /** The graph's inputs for one forward. */
  feeds(input: NetworkInput): Record<string, Tensor | Ids>
  /** The graph's `out` as a latent of the shape of `x`. */
  latent(out: Tensor, x: Tensor): Tensor
  /** Whether `build` can leave blocks out. */
  readonly skipsBlocks?: boolean
  /** Width of the picture's tokens, if model patches may change them after each block. */
  readonly blockwise?: number
  /** Whether some patches of an input are without noise. */
  still?(input: NetworkInput): boolean
  /** Whether an input needs a graph with a bias on attention. */
  biased?(input: NetworkInput): boolean
  /** Where ControlNets may add residuals. */
  readonly blocks?: NetworkBlocks
  /** Whether it may see other pictures beside the one it draws. */
  readonly references?: boolean
  /** What a conditioning says beyond its text. */
  extras?(item: ConditioningItem): Record<string, Tensor>
}

/** A file of a network alone has no prefix; here it gets one. */
export function withDiffusionPrefix(weights: Weights): Weights {
  for (const name of weights.tensors.keys()) if (name.startsWith(diffusionPrefix)) return weights
  const tensors = new Map(
    [...weights.tensors].map(([name, tensor]) => [diffusionPrefix + name, tensor]),
  )
  return { ...weights, tensors }
}
