// Qwen2.5's language model up to its last states. https://arxiv.org/abs/2412.15115, keys as in
// transformers' Qwen2Model.
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { type Heads, type Rotation, TransformerLayers } from './transformer-layers.ts'
import type { GraphOptions } from './unet.ts'

export interface Qwen25Config {
  width: number
  heads: Heads & { keyHeads: number }
  layers: number
}

export const qwenHeadWidth = 128
export const qwenTheta = 1_000_000

export const isQwen25 = ({ tensors }: Weights): boolean =>
  tensors.has('model.layers.0.self_attn.q_proj.bias')

export function qwen25Config(weights: Weights): Qwen25Config {
  const heads = (name: string) =>
    weight(weights, `model.layers.0.self_attn.${name}.weight`).shape[0]! / qwenHeadWidth
  const width = weight(weights, 'model.norm.weight').shape[0]!
  let layers = 0
  while (weights.tensors.has(`model.layers.${layers}.input_layernorm.weight`)) layers++
  const of = { heads: heads('q_proj'), keyHeads: heads('k_proj'), width: qwenHeadWidth }
  return { width, layers, heads: of }
}

/** Inputs ids [B,S], cos and sin [S,64], mask [1,1,S,S] added to scores; output `states` [B,S,width]. */
export function buildQwen25(
  weights: Weights,
  config: Qwen25Config,
  options: GraphOptions = {},
): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights, options.profile, options.branches)
  const ids = graph.input('ids', DataType.int64, ['B', 'S'])
  const rotation: Rotation = {
    cos: graph.input('cos', DataType.float, ['S', qwenHeadWidth / 2]),
    sin: graph.input('sin', DataType.float, ['S', qwenHeadWidth / 2]),
    interleaved: false,
  }
  const bias = graph.input('mask', DataType.float, [1, 1, 'S', 'S'])
  let h = layers.rowsOf('model.embed_tokens.weight', ids)
  for (let n = 0; n < config.layers; n++)
    h = block(layers, h, `model.layers.${n}`, { ...config.heads, bias }, rotation)
  const states = layers.rmsNorm(h, 'model.norm.weight')
  graph.output('states', states, ['B', 'S', config.width])
  return graph
}

function block(
  layers: TransformerLayers,
  h: Value,
  key: string,
  heads: Heads,
  rotation: Rotation,
): Value {
  const x = layers.rmsNorm(h, `${key}.input_layernorm.weight`)
  const [q, k, v] = ['q', 'k', 'v'].map(name => layers.linear(x, `${key}.self_attn.${name}_proj`))
  const found = layers.attend([layers.rotate(q!, rotation), layers.rotate(k!, rotation), v!], heads)
  h = layers.add(h, layers.linear(found, `${key}.self_attn.o_proj`))
  const y = layers.rmsNorm(h, `${key}.post_attention_layernorm.weight`)
  // https://arxiv.org/abs/2002.05202
  const gate = layers.silu(layers.linear(y, `${key}.mlp.gate_proj`))
  const wide = layers.graph.op('Mul', [gate, layers.linear(y, `${key}.mlp.up_proj`)])
  return layers.add(h, layers.linear(wide, `${key}.mlp.down_proj`))
}
