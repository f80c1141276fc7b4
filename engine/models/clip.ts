// CLIP's text encoder: ViT-L of SD 1.x, smaller ones of the same layout, OpenCLIP's ViT-H and bigG.
// https://arxiv.org/abs/2103.00020, keys as in transformers' CLIPTextModel.
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { endToken } from './clip-tokenizer.ts'
import type { GraphOptions } from './unet.ts'

export interface ClipConfig {
  /** Of the three that families use: ViT-L, ViT-H (SD2) and ViT-bigG (SDXL). */
  kind: 'l' | 'h' | 'g'
  prefix: string
  width: number
  heads: number
  layers: number
  /** Tokens of a chunk, 77. */
  length: number
  /** What follows the end token. */
  padToken: number
  /** The layer that is read unless the user asks for another, -1 = the last. */
  stopAtLayer: number
  /** Whether that layer's state passes the final norm. */
  normed: boolean
  /** Whether the pooled state passes the file's projection, if it has one. */
  projected: boolean
}

/** Where text encoders lie, under familiar names; some old merges leave `text_model` out. */
const prefixes = [
  'cond_stage_model.transformer.text_model.',
  'cond_stage_model.transformer.',
  'conditioner.embedders.0.transformer.text_model.',
  'conditioner.embedders.1.transformer.text_model.',
  'text_model.',
]

/** The text encoders of a file with familiar names, in the order of their conditioning. */
export const clipPrefixes = (weights: Weights): string[] =>
  prefixes.filter(at =>
    ['embeddings.position_embedding', 'final_layer_norm'].some(name =>
      weights.tensors.has(`${at}${name}.weight`),
    ),
  )

export const clipPrefix = (weights: Weights): string | undefined => clipPrefixes(weights)[0]

/** SDXL reads both of its encoders before their last layer and its norm; alone they read as in SD. */
export function clipConfig(
  weights: Weights,
  prefix = clipPrefix(weights) ?? prefixes[0]!,
  sdxl = prefix.startsWith('conditioner.'),
): ClipConfig {
  const [length, width] = weight(weights, `${prefix}embeddings.position_embedding.weight`).shape
  let layers = 0
  while (weights.tensors.has(`${prefix}encoder.layers.${layers}.layer_norm1.weight`)) layers++
  const heads = Number(weights.metadata['comfyrunner.text_heads'] ?? width! / 64)
  const kind = width === 1280 ? 'g' : width === 1024 ? 'h' : 'l'
  return {
    kind,
    prefix,
    width: width!,
    heads,
    layers,
    length: length!,
    padToken: kind === 'l' ? endToken : 0,
    // Diffusers' files of SD2 leave out the last layer, which is not used.
    stopAtLayer: kind === 'g' || sdxl ? -2 : kind === 'h' && layers > 23 ? -2 : -1,
    normed: kind !== 'g' && !sdxl,
    projected: true,
  }
}

export interface ClipGraphOptions extends GraphOptions {
  /** Layer whose state is taken, -1 = the last. One that is not there stands for the last. */
  stopAtLayer?: number
  /** With inputs `keep` [B,77,1] and `vectors` [B,77,width] for embeddings of the user's. */
  vectors?: boolean
}

/**
 * Input ids [B,77]; outputs `cond` [B,77,width], taken after layer `stopAtLayer`, and
 * `last` [B,77,width], normed and projected, from which the pooled state is read.
 */
export function buildClip(
  weights: Weights,
  config: ClipConfig,
  { stopAtLayer = config.stopAtLayer, ...options }: ClipGraphOptions = {},
): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights, options.profile, options.branches)
  const ids = graph.input('ids', DataType.int64, ['B', config.length])
  const at = config.prefix
  const final = (h: Value) => layers.layerNorm(h, `${at}final_layer_norm`)
  const states: Value[] = []
  let h = embed(layers, ids, config, options.vectors ?? false)
  for (let n = 0; n < config.layers; n++)
    states.push((h = encoderLayer(layers, h, `${at}encoder.layers.${n}`, config)))
  const last = final(h)
  const early = states.at(stopAtLayer)
  const cond = early === undefined ? last : config.normed ? final(early) : early
  const shape = ['B', config.length, config.width]
  graph.output('cond', cond, shape)
  const pooled = config.projected ? project(layers, last, config) : last
  graph.output('last', pooled, ['B', config.length, 'P'])
  return graph
}

/**
 * Into the space that pictures share; without a projection the state itself is the pooled one. SDXL's
 * second encoder is never without.
 */
function project(layers: Layers, last: Value, { prefix, kind }: ClipConfig): Value {
  const key = `${prefix.replace(/text_model\.$/, '')}text_projection`
  if (layers.has(`${key}.weight`)) return layers.linear(last, key)
  // OpenCLIP's own is [in, out].
  if (kind !== 'g' && !layers.has(key)) return last
  return layers.graph.op('MatMul', [last, layers.weight(key)])
}

/** Gathers in the stored type, so the table of 49,408 tokens is never widened. */
function embed(layers: Layers, ids: Value, config: ClipConfig, vectors: boolean): Value {
  const { graph } = layers
  const key = `${config.prefix}embeddings`
  const floats = layers.gathered(`${key}.token_embedding.weight`, source => {
    const table = layers.stored(source)
    const rows = graph.op('Gather', [table.value, ids], { axis: 0 })
    return table.type === DataType.float ? rows : graph.op('Cast', [rows], { to: DataType.float })
  })
  const projection = `${key}.token_projection`
  const tokens = layers.has(`${projection}.weight`) ? layers.linear(floats, projection) : floats
  const mixed = vectors ? replace(graph, tokens, config) : tokens
  return layers.add(mixed, layers.weight(`${key}.position_embedding.weight`))
}

/** Where `keep` is 0, the vector takes the token's place. */
function replace(graph: OnnxGraph, tokens: Value, { length, width }: ClipConfig): Value {
  const keep = graph.input('keep', DataType.float, ['B', length, 1])
  const vectors = graph.input('vectors', DataType.float, ['B', length, width])
  return graph.op('Add', [graph.op('Mul', [tokens, keep]), vectors])
}

function encoderLayer(
  layers: Layers,
  x: Value,
  key: string,
  { heads, width, kind }: ClipConfig,
): Value {
  const y = layers.layerNorm(x, `${key}.layer_norm1`)
  const q = layers.linear(y, `${key}.self_attn.q_proj`)
  const k = layers.linear(y, `${key}.self_attn.k_proj`)
  const v = layers.linear(y, `${key}.self_attn.v_proj`)
  const mixed = layers.attention([q, k, v], { heads, width, causal: true })
  const h = layers.add(x, layers.linear(mixed, `${key}.self_attn.out_proj`))
  const wide = layers.linear(layers.layerNorm(h, `${key}.layer_norm2`), `${key}.mlp.fc1`)
  return layers.add(
    h,
    layers.linear(kind === 'l' ? layers.quickGelu(wide) : layers.gelu(wide), `${key}.mlp.fc2`),
  )
}
