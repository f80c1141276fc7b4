// Language models that read prompts: Qwen2.5 (https://arxiv.org/abs/2412.15115), Qwen3
// (https://arxiv.org/abs/2505.09388) and Gemma 2 (https://arxiv.org/abs/2408.00118), up to the states
// that pictures are drawn from. Keys as in transformers' Qwen2Model, Qwen3Model and Gemma2Model.
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { Ids } from '../inference/session.ts'
import type { SessionRecipe } from '../inference/session-pool.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { checkLayout, type Layout } from './layout.ts'
import { gemma2Layout, qwen3Layout, qwen25Layout } from './layouts-text.ts'
import { identity, weightBytes } from './recipe.ts'
import { ropeTables } from './rope.ts'
import { type Heads, type Rotation, TransformerLayers } from './transformer-layers.ts'
import type { GraphOptions } from './unet.ts'

export type LanguageModelKind = 'qwen2.5' | 'qwen3' | 'gemma2'

export interface LanguageModelConfig {
  kind: LanguageModelKind
  width: number
  heads: Heads & { keyHeads: number }
  layers: number
  /** The layer whose states are read, -1 = the last, through the final norm; others without. */
  stopAtLayer: number
  /** How many tokens back every other layer looks; all of them without it. */
  window?: number
}

/** What cannot be seen in shapes. */
const facts: Record<
  LanguageModelKind,
  { headWidth: number; theta: number; stopAtLayer: number; window?: number; layout: Layout }
> = {
  'qwen2.5': { headWidth: 128, theta: 1_000_000, stopAtLayer: -1, layout: qwen25Layout },
  qwen3: { headWidth: 128, theta: 1_000_000, stopAtLayer: -2, layout: qwen3Layout },
  gemma2: { headWidth: 256, theta: 10_000, stopAtLayer: -2, window: 4096, layout: gemma2Layout },
}

/** Gemma 2 keeps scores within ±50. */
const scoreCap = 50

/** Undefined if the file holds none that is known. */
export function languageModelKind({ tensors }: Weights): LanguageModelKind | undefined {
  const has = (name: string) => tensors.has(`model.layers.0.${name}.weight`)
  const biased = ['q', 'k'].some(name => tensors.has(`model.layers.0.self_attn.${name}_proj.bias`))
  if (biased) return 'qwen2.5'
  if (has('self_attn.q_norm') || has('self_attn.k_norm')) return 'qwen3'
  return has('pre_feedforward_layernorm') || has('post_feedforward_layernorm')
    ? 'gemma2'
    : undefined
}

export function languageModelConfig(
  weights: Weights,
  kind: LanguageModelKind,
): LanguageModelConfig {
  const { headWidth, stopAtLayer, window } = facts[kind]
  const heads = (name: string) =>
    weight(weights, `model.layers.0.self_attn.${name}.weight`).shape[0]! / headWidth
  const width = weight(weights, 'model.norm.weight').shape[0]!
  let layers = 0
  while (weights.tensors.has(`model.layers.${layers}.input_layernorm.weight`)) layers++
  const of = { heads: heads('q_proj'), keyHeads: heads('k_proj'), width: headWidth }
  return { kind, width, layers, heads: of, stopAtLayer, window }
}

/** @param vectors with inputs `keep` [B,S,1] and `vectors` [B,S,width] for what is no word */
export function languageModelRecipe(
  weights: Weights,
  config: LanguageModelConfig,
  vectors = false,
): SessionRecipe {
  return {
    key: `${config.kind} ${config.stopAtLayer} ${config.window} ${vectors} ${identity(weights)}`,
    file: weights.file,
    costBytes: weightBytes(weights, 'model.'),
    build: () => {
      checkLayout(weights, 'model.', facts[config.kind].layout)
      return buildLanguageModel(weights, config, { vectors })
    },
  }
}

export const languageModelTheta = ({ kind }: LanguageModelConfig): number => facts[kind].theta

/** The graph's inputs for rows of equally many tokens. `seen`: how many of a row's first ones count. */
export function languageModelFeeds(
  { kind, heads, window }: LanguageModelConfig,
  rows: readonly (readonly number[])[],
  seen: readonly number[] = rows.map(row => row.length),
): Record<string, Tensor | Ids> {
  const length = rows[0]!.length
  const positions = Array.from({ length }, (_, i) => [i])
  const mask = (reach: number) => {
    const out = tensor([rows.length, 1, length, length])
    // No token looks ahead, nor at filling, nor further back than it can.
    for (let at = 0; at < out.data.length; at++) {
      const [row, key] = [Math.floor(at / length ** 2), at % length]
      const query = Math.floor(at / length) % length
      if (key > query || key >= seen[row]! || key <= query - reach) out.data[at] = -1e9
    }
    return out
  }
  return {
    ids: { shape: [rows.length, length], data: BigInt64Array.from(rows.flat(), BigInt) },
    mask: mask(Number.POSITIVE_INFINITY),
    ...(window !== undefined && { near: mask(window) }),
    ...ropeTables(positions, [heads.width], facts[kind].theta),
  }
}

/**
 * Inputs ids [B,S], cos and sin [S,head/2], mask [B,1,S,S] added to scores, `near` the same for every
 * other layer of those that have a window; output `states` [B,S,width].
 */
function buildLanguageModel(
  weights: Weights,
  config: LanguageModelConfig,
  options: GraphOptions & { vectors?: boolean } = {},
): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights, options.profile, options.branches)
  const net = new LanguageModel(layers, config)
  let h = net.embed(graph.input('ids', DataType.int64, ['B', 'S']))
  if (options.vectors) {
    const kept = graph.op('Mul', [h, graph.input('keep', DataType.float, ['B', 'S', 1])])
    h = layers.add(kept, graph.input('vectors', DataType.float, ['B', 'S', config.width]))
  }
  // What comes after the layer that is read is never computed.
  const last = config.layers + config.stopAtLayer
  for (let n = 0; n <= last; n++) h = net.block(h, n)
  const states = last === config.layers - 1 ? net.norm(h, 'model.norm') : h
  graph.output('states', states, ['B', 'S', config.width])
  return graph
}

class LanguageModel {
  private readonly layers: TransformerLayers
  private readonly config: LanguageModelConfig
  private readonly rotation: Rotation
  /** Of even layers and of odd ones. */
  private readonly masks: readonly [Value, Value]

  constructor(layers: TransformerLayers, config: LanguageModelConfig) {
    const { graph } = layers
    const half = config.heads.width / 2
    this.layers = layers
    this.config = config
    this.rotation = {
      cos: graph.input('cos', DataType.float, ['S', half]),
      sin: graph.input('sin', DataType.float, ['S', half]),
      interleaved: false,
    }
    const mask = (name: string) => graph.input(name, DataType.float, ['B', 1, 'S', 'S'])
    const all = mask('mask')
    this.masks = [config.window === undefined ? all : mask('near'), all]
  }

  private get gemma(): boolean {
    return this.config.kind === 'gemma2'
  }

  embed(ids: Value): Value {
    const { graph } = this.layers
    const rows = this.layers.rowsOf('model.embed_tokens.weight', ids)
    return this.gemma ? graph.op('Mul', [rows, graph.scalar(Math.sqrt(this.config.width))]) : rows
  }

  /** Gemma's scales are stored less one. */
  norm(x: Value, key: string): Value {
    return this.layers.rmsNorm(x, `${key}.weight`, 1e-6, this.gemma ? 1 : 0)
  }

  block(h: Value, index: number): Value {
    const key = `model.layers.${index}`
    const { layers } = this
    const found = this.attention(this.norm(h, `${key}.input_layernorm`), index)
    if (!this.gemma) {
      h = layers.add(h, found)
      const y = this.norm(h, `${key}.post_attention_layernorm`)
      return layers.add(h, this.feedForward(y, `${key}.mlp`))
    }
    h = layers.add(h, this.norm(found, `${key}.post_attention_layernorm`))
    const wide = this.feedForward(this.norm(h, `${key}.pre_feedforward_layernorm`), `${key}.mlp`)
    return layers.add(h, this.norm(wide, `${key}.post_feedforward_layernorm`))
  }

  private attention(x: Value, index: number): Value {
    const { layers, rotation } = this
    const { heads } = this.config
    const key = `model.layers.${index}.self_attn`
    const [q, k, v] = ['q', 'k', 'v'].map(name => layers.linear(x, `${key}.${name}_proj`))
    const ofKeys = { ...heads, heads: heads.keyHeads }
    const turned = [
      this.headNorm(q!, `${key}.q_norm`, heads),
      this.headNorm(k!, `${key}.k_norm`, ofKeys),
    ]
    const [query, known] = turned.map(part => layers.rotate(part, rotation))
    const cap = this.gemma ? scoreCap : undefined
    const bias = this.masks[(index % 2) as 0 | 1]
    return layers.linear(
      layers.attend([query!, known!, v!], { ...heads, bias, cap }),
      `${key}.o_proj`,
    )
  }

  /** Qwen3 normalises queries and keys within each head. */
  private headNorm(x: Value, key: string, heads: Heads): Value {
    return this.config.kind === 'qwen3' ? this.layers.headNorm(x, `${key}.weight`, heads) : x
  }

  /** https://arxiv.org/abs/2002.05202 */
  private feedForward(x: Value, key: string): Value {
    const { layers } = this
    const narrow = layers.linear(x, `${key}.gate_proj`)
    const gate = this.gemma ? layers.geluTanh(narrow) : layers.silu(narrow)
    const wide = layers.graph.op('Mul', [gate, layers.linear(x, `${key}.up_proj`)])
    return layers.linear(wide, `${key}.down_proj`)
  }
}
