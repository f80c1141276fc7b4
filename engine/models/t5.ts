// T5's encoder, version 1.1 with gated GELU: https://arxiv.org/abs/1910.10683 and
// https://arxiv.org/abs/2002.05202, keys as in transformers' T5EncoderModel.
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { TransformerLayers } from './transformer-layers.ts'
import type { GraphOptions } from './unet.ts'

export interface T5Config {
  prefix: string
  width: number
  heads: number
  /** Width of all heads together. */
  inner: number
  layers: number
}

/** How far two tokens are apart is learnt in so many steps, the last for this distance and beyond. */
const buckets = 32
const farthest = 128

const biasKey = 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight'
const sign = /encoder\.block\.0\.layer\.0\.SelfAttention\.(relative_attention_bias|q)\.weight$/

export const t5Prefix = (weights: Weights): string | undefined => {
  for (const key of weights.tensors.keys()) {
    const found = sign.exec(key)
    if (found) return key.slice(0, found.index)
  }
  return undefined
}

export function t5Config(weights: Weights): T5Config {
  const prefix = t5Prefix(weights) ?? ''
  const heads = weight(weights, `${prefix}${biasKey}`).shape[1]!
  const first = `${prefix}encoder.block.0.layer.0.SelfAttention.q.weight`
  const [inner, width] = weight(weights, first).shape as [number, number]
  let layers = 0
  while (weights.tensors.has(`${prefix}encoder.block.${layers}.layer.0.layer_norm.weight`)) layers++
  return { prefix, width, heads, inner, layers }
}

/** The bucket of each pair of tokens, [S·S], query by query. */
export function relativeBuckets(length: number): BigInt64Array {
  const half = buckets / 2
  const exact = half / 2
  const bucket = (distance: number) => {
    const far = Math.abs(distance)
    const log = (Math.log(far / exact) / Math.log(farthest / exact)) * (half - exact)
    const size = far < exact ? far : Math.min(half - 1, exact + Math.trunc(log))
    return size + (distance > 0 ? half : 0)
  }
  return BigInt64Array.from({ length: length * length }, (_, i) =>
    BigInt(bucket((i % length) - Math.floor(i / length))),
  )
}

/** Inputs ids [B,S], buckets [S,S]; output `states` [B,S,width]. */
export function buildT5(weights: Weights, config: T5Config, options: GraphOptions = {}): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights, options.profile, options.branches)
  const at = `${config.prefix}encoder.`
  const ids = graph.input('ids', DataType.int64, ['B', 'S'])
  const table = layers.weight(`${config.prefix}${biasKey}`)
  const rows = graph.op('Gather', [table, graph.input('buckets', DataType.int64, ['S', 'S'])])
  const byHead = graph.op('Transpose', [rows], { perm: [2, 0, 1] })
  const bias = graph.op('Unsqueeze', [byHead, graph.ints([0])])
  const net = new T5(layers, config, bias)
  let h = layers.rowsOf(`${config.prefix}shared.weight`, ids)
  for (let n = 0; n < config.layers; n++) h = net.block(h, `${at}block.${n}.layer`)
  const states = layers.rmsNorm(h, `${at}final_layer_norm.weight`)
  graph.output('states', states, ['B', 'S', config.width])
  return graph
}

class T5 {
  private readonly layers: TransformerLayers
  private readonly config: T5Config
  private readonly bias: Value

  constructor(layers: TransformerLayers, config: T5Config, bias: Value) {
    this.layers = layers
    this.config = config
    this.bias = bias
  }

  block(h: Value, key: string): Value {
    const { layers } = this
    h = layers.add(h, this.attention(layers.rmsNorm(h, `${key}.0.layer_norm.weight`), `${key}.0`))
    const normed = layers.rmsNorm(h, `${key}.1.layer_norm.weight`)
    return layers.add(h, this.feedForward(normed, `${key}.1.DenseReluDense`))
  }

  /** Scores are not scaled: the weights were initialised for that. */
  private attention(x: Value, key: string): Value {
    const { layers, bias } = this
    const { heads, inner } = this.config
    const [q, k, v] = ['q', 'k', 'v'].map(name => layers.linear(x, `${key}.SelfAttention.${name}`))
    const options = { heads, width: inner / heads, bias, scale: 1 }
    return layers.linear(layers.attend([q!, k!, v!], options), `${key}.SelfAttention.o`)
  }

  private feedForward(x: Value, key: string): Value {
    const { layers } = this
    const gate = layers.geluTanh(layers.linear(x, `${key}.wi_0`))
    const wide = layers.graph.op('Mul', [gate, layers.linear(x, `${key}.wi_1`)])
    return layers.linear(wide, `${key}.wo`)
  }
}
