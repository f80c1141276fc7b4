// The UNet of Stable Diffusion 1.x, 2.x and XL: every size is read off the weights.
// https://arxiv.org/abs/2112.10752, keys as in CompVis' latent-diffusion.
import { type Branch, Layers, type OpProfile } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import type { UsualPicture } from '../inference/winograd.ts'
import { installGligen } from './gligen.ts'
import type { UnetChange } from './kinds.ts'
import { installChange, type UnetHooks } from './unet-changes.ts'

export interface UnetConfig {
  prefix: string
  /** Channels it takes: the 4 of the latent, 9 for inpainting, 8 for instruct-pix2pix. */
  channels: number
  modelChannels: number
  contextWidth: number
  /** Width of `y`, which label_emb adds to the time embedding; 0 without one. */
  adm: number
  /** Of an embedding for each value of y, which then is a number: SD's upscaler. */
  classes: number
  /** Width of the guidance that a consistency model is told; 0 without. */
  guidance: number
  normGroups: number
  heads(channels: number): number
}

export interface GraphOptions {
  profile?: OpProfile
  branches?: readonly Branch[]
  /** Of the latents that it will mostly see. */
  size?: LatentSize
  /** With an input `control.` + place for each, which a ControlNet adds there: see `ControlPlace`. */
  control?: readonly ControlPlace[]
  /** Without mixing in the middle block's self-attention. https://arxiv.org/abs/2403.17377 */
  perturbed?: boolean
  /** With an output `attention` [B,T]: what the middle block's first self-attention looks at. */
  watched?: boolean
  /** Inside the UNet, named `change0` … */
  changes?: readonly UnetChange[]
  /** Layers that tell a UNet where things are. */
  gligen?: Weights
  /** A VAE's pictures are at least 64 pixels high, and may be computed in bands. */
  tall?: boolean
  /** A transformer with an input `bias` [1 or B,1,N,N], which is added to the scores of attention. */
  biased?: boolean
  /** A transformer's joint blocks that are left out. https://arxiv.org/abs/2411.18664 */
  skippedBlocks?: readonly number[]
  /** Layers after a transformer's blocks, of other files: see `blockwise-control.ts`. */
  blockwise?: readonly Weights[]
  /** A transformer with an input `still` [1,T,1]: 1 for patches that are without noise. */
  still?: boolean
  /** The same of its blocks of one stream. */
  skippedSingles?: readonly number[]
}

/** `middle`, what skips from an input block by number, or the outcome of it: `input.2`. */
export type ControlPlace = string

/** What cannot be seen in shapes (groups, heads) comes from the metadata, else is as in SD. */
export function unetConfig(weights: Weights, prefix = 'model.diffusion_model.'): UnetConfig {
  const first = weight(weights, `${prefix}input_blocks.0.0.weight`).shape
  const contextKey = [...weights.tensors.keys()].find(
    key => key.startsWith(prefix) && key.endsWith('.attn2.to_k.weight'),
  )
  const contextWidth = weight(weights, contextKey ?? `${prefix}…attn2.to_k.weight`).shape[1]!
  const classes = weights.tensors.get(`${prefix}label_emb.weight`)?.shape[0] ?? 0
  const headWidth = Number(weights.metadata['comfyrunner.head_dim'] ?? 0)
  return {
    prefix,
    modelChannels: first[0]!,
    channels: first[1]!,
    contextWidth,
    adm: classes > 0 ? 1 : (weights.tensors.get(`${prefix}label_emb.0.0.weight`)?.shape[1] ?? 0),
    classes,
    guidance: weights.tensors.get(`${prefix}time_embed.cond_proj.weight`)?.shape[1] ?? 0,
    normGroups: Number(weights.metadata['comfyrunner.norm_groups'] ?? 32),
    heads: channels =>
      headWidth ? channels / headWidth : contextWidth === 768 || classes > 0 ? 8 : channels / 64,
  }
}

/**
 * Inputs x [P,C,H,W], t [P], context [B,S,width], y [B,adm]; output `out` [B,4,H,W]. P is B, or, unless
 * something is inside the network or beside it, 1: one picture for all texts.
 */
export function buildUnet(weights: Weights, config: UnetConfig, options: GraphOptions = {}) {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights, options.profile, options.branches)
  const x = graph.input('x', DataType.float, ['P', config.channels, 'H', 'W'])
  const t = graph.input('t', DataType.float, ['P'])
  const context = graph.input('context', DataType.float, ['B', 'S', config.contextWidth])
  const unet = new Unet(layers, config, context)
  unet.perturbed = options.perturbed ?? false
  unet.size = options.size ?? 'small'
  unet.control = new Set(options.control)
  unet.hooks = [
    ...(options.changes ?? []).map((change, i) =>
      installChange(layers, `change${i}`, change, config.modelChannels),
    ),
    ...(options.gligen ? [installGligen(graph, options.gligen, config.heads)] : []),
  ]
  if (unet.hooks.length === 0) unet.texts = graph.op('Shape', [context], { start: 0, end: 1 })
  const time = unet.timeEmbedding(t)
  unet.embedding = layers.silu(config.adm ? layers.add(time, unet.label(labelInput())) : time)
  graph.output('out', unet.forward(x), ['B', 4, 'H', 'W'])
  if (options.watched) graph.output('attention', unet.attentionGot(), ['B', 'T'])
  return graph

  function labelInput(): Value {
    return graph.input('y', DataType.float, ['B', config.adm])
  }
}

/** Least edges of the latents that two kinds of sessions are for: what pays there pays with larger ones. */
const latentEdges = { small: 48, usual: 64 } as const
export type LatentSize = keyof typeof latentEdges

/** The kind that suits latents of this shape, […,h,w]. Any kind gives the same result. */
export const latentSize = (shape: readonly number[]): LatentSize =>
  Math.sqrt(shape.at(-2)! * shape.at(-1)!) < 56 ? 'small' : 'usual'

export class Unet {
  embedding: Value = ''
  size: LatentSize = 'small'
  perturbed = false
  control: ReadonlySet<ControlPlace> = new Set()
  hooks: readonly UnetHooks[] = []
  readonly skips: Value[] = []
  /** How many there are, [1], if what comes before them may be computed once for all of them. */
  texts: Value | undefined
  /** Channels of the last block's outcome. */
  private width = 0
  /** Queries and keys of the middle block's first self-attention. */
  private middle: readonly [Value, Value] | undefined
  /** How often the picture has been halved. */
  private level = 0
  private readonly layers: Layers
  private readonly config: UnetConfig
  private readonly context: Value

  constructor(layers: Layers, config: UnetConfig, context: Value) {
    this.layers = layers
    this.config = config
    this.context = context
  }

  forward(x: Value): Value {
    const { layers, skips } = this
    const at = this.config.prefix
    x = this.down(x)
    x = this.controlled(x, 'middle')
    for (let n = 0; this.exists(`${at}output_blocks.${n}`); n++) {
      x = this.controlled(x, skips.length - 1)
      let skip = skips.pop()!
      for (const { join } of this.hooks) if (join) [x, skip] = join(x, skip, this.width)
      x = layers.graph.op('Concat', [x, skip], { axis: 1 })
      x = this.block(x, `${at}output_blocks.${n}`)
    }
    return layers.conv(layers.silu(this.norm(x, `${at}out.0`, 1e-5)), `${at}out.2`)
  }

  /** Up to the middle. Leaves what skips in `skips`; `hint` joins after the first layer. */
  down(x: Value, hint?: Value): Value {
    const at = this.config.prefix
    for (let n = 0; this.exists(`${at}input_blocks.${n}`); n++) {
      x = this.block(x, `${at}input_blocks.${n}`)
      if (n === 0 && hint) x = this.layers.add(x, hint)
      if (this.control.has(`input.${n}`)) x = this.layers.add(x, this.residual(`input.${n}`))
      for (const { beforeSkip } of this.hooks) x = beforeSkip?.(x, n) ?? x
      this.skips.push(this.perText(x, 4))
      for (const { afterSkip } of this.hooks) x = afterSkip?.(x, n) ?? x
    }
    return this.block(x, `${at}middle_block`)
  }

  /**
   * Of rank `rank`: as many as there are texts. With guidance both sides see one picture, and all up to
   * the first attention to a text is the same for them.
   */
  private perText(x: Value, rank: number): Value {
    if (!this.texts) return x
    const { graph } = this.layers
    const ones = graph.ints(Array.from({ length: rank - 1 }, () => 1))
    return graph.op('Expand', [x, graph.op('Concat', [this.texts, ones], { axis: 0 })])
  }

  /**
   * Adds a residual to the middle or to a skip. Networks without a middle block have one value for
   * both, which then takes both residuals: ComfyUI adds in place.
   */
  private controlled(x: Value, place: 'middle' | number): Value {
    const { layers, skips } = this
    if (!this.control.has(`${place}`)) return x
    const last = skips.at(-1)!
    const sum = layers.add(place === 'middle' ? x : last, this.residual(`${place}`))
    if (place !== 'middle' || x === last) skips[skips.length - 1] = sum
    return place === 'middle' || x === last ? sum : x
  }

  private residual(place: ControlPlace): Value {
    const dims = ['B', `c ${place}`, `h ${place}`, `w ${place}`]
    return this.layers.graph.input(`control.${place}`, DataType.float, dims)
  }

  /** [B] → [B,4·C]: cosines first. */
  timeEmbedding(t: Value): Value {
    const { layers } = this
    const { graph } = layers
    const half = this.config.modelChannels / 2
    const rates = Float32Array.from({ length: half }, (_, i) =>
      Math.exp((-Math.log(1e4) * i) / half),
    )
    const columns = graph.op('Unsqueeze', [t, graph.ints([1])])
    const angles = graph.op('Mul', [columns, graph.floats('rates', [1, half], rates)])
    const waves = [graph.op('Cos', [angles]), graph.op('Sin', [angles])]
    const key = `${this.config.prefix}time_embed`
    return this.mlp(this.told(graph.op('Concat', waves, { axis: 1 }), key), key)
  }

  /** With the guidance of input `guidance`, for consistency models: https://arxiv.org/abs/2310.04378 */
  private told(time: Value, key: string): Value {
    const { layers, config } = this
    if (config.guidance === 0) return time
    const guidance = layers.graph.input('guidance', DataType.float, ['B', config.guidance])
    return layers.add(time, layers.linear(guidance, `${key}.cond_proj`))
  }

  label(y: Value): Value {
    if (this.config.classes > 0) return this.embedded(y)
    return this.mlp(y, `${this.config.prefix}label_emb.0`)
  }

  /** [B,1] → the row of each number. */
  private embedded(y: Value): Value {
    const { layers } = this
    const { graph } = layers
    const table = layers.weight(`${this.config.prefix}label_emb.weight`)
    const rows = graph.op('Cast', [graph.op('Reshape', [y, graph.ints([-1])])], {
      to: DataType.int64,
    })
    return graph.op('Gather', [table, rows], { axis: 0 })
  }

  private mlp(x: Value, key: string): Value {
    const { layers } = this
    return layers.linear(layers.silu(layers.linear(x, `${key}.0`)), `${key}.2`)
  }

  private exists(key: string): boolean {
    return ['weight', 'in_layers.0.weight', 'op.weight'].some(end =>
      this.layers.has(`${key}.0.${end}`),
    )
  }

  /** A block is up to three layers, told apart by what their keys are called. */
  private block(x: Value, key: string): Value {
    const { layers } = this
    for (const at of [`${key}.0`, `${key}.1`, `${key}.2`])
      if (layers.has(`${at}.in_layers.0.weight`)) {
        x = this.resBlock(x, at)
        this.width = layers.shape(`${at}.out_layers.3.weight`)[0]!
      } else if (layers.has(`${at}.transformer_blocks.0.norm1.weight`)) x = this.transformer(x, at)
      else if (layers.has(`${at}.op.weight`)) x = this.halve(x, `${at}.op`)
      else if (layers.has(`${at}.conv.weight`)) x = this.double(x, `${at}.conv`)
      else if (layers.has(`${at}.weight`)) {
        x = layers.conv(x, at)
        this.width = layers.shape(`${at}.weight`)[0]!
      }
    return x
  }

  private halve(x: Value, key: string): Value {
    this.level++
    return this.layers.conv(x, key, { stride: 2 })
  }

  private double(x: Value, key: string): Value {
    this.level--
    const larger = this.layers.upsample(x, this.skips.at(-1))
    return this.layers.conv(larger, key, { picture: this.picture })
  }

  /** With guidance there are two. */
  private get picture(): UsualPicture {
    return { edge: latentEdges[this.size] / 2 ** this.level, count: 2 }
  }

  private resBlock(x: Value, key: string): Value {
    const { layers, picture, config } = this
    const { graph } = layers
    // The embedding is each text's own then, and added to the picture.
    if (config.adm > 0 || config.guidance > 0) this.texts = undefined
    const activated = layers.silu(this.norm(x, `${key}.in_layers.0`, 1e-5))
    const h = layers.conv(activated, `${key}.in_layers.2`, { picture })
    const shift = layers.linear(this.embedding, `${key}.emb_layers.1`)
    const shifted = layers.add(h, graph.op('Unsqueeze', [shift, graph.ints([2, 3])]))
    const normed = layers.silu(this.norm(shifted, `${key}.out_layers.0`, 1e-5))
    const out = layers.conv(normed, `${key}.out_layers.3`, { picture })
    const skip = `${key}.skip_connection`
    return layers.add(layers.has(`${skip}.weight`) ? layers.conv(x, skip) : x, out)
  }

  private transformer(x: Value, key: string): Value {
    const { layers } = this
    let h = layers.linear(layers.rows(this.norm(x, `${key}.norm`, 1e-6)), `${key}.proj_in`)
    for (let n = 0; layers.has(`${key}.transformer_blocks.${n}.norm1.weight`); n++)
      h = this.transformerBlock(h, `${key}.transformer_blocks.${n}`)
    return layers.add(layers.unrows(layers.linear(h, `${key}.proj_out`), x), x)
  }

  private transformerBlock(h: Value, key: string): Value {
    const { layers } = this
    // The upscaler's larger levels look at the text twice.
    const [seen, own] = ['k', 'q'].map(part => layers.shape(`${key}.attn1.to_${part}.weight`)[1])
    const seesText = seen !== own
    if (seesText) h = this.split(h)
    const attend = this.hooks.reduceRight(
      (inner: (tokens: Value) => Value, { selfAttention }) =>
        selfAttention ? tokens => selfAttention(tokens, this.level, inner) : inner,
      tokens => this.attention(tokens, seesText ? this.context : tokens, `${key}.attn1`),
    )
    h = layers.add(attend(layers.layerNorm(h, `${key}.norm1`)), h)
    const place = key.slice(this.config.prefix.length)
    for (const { afterSelfAttention } of this.hooks) h = afterSelfAttention?.(h, place) ?? h
    h = this.split(h)
    h = layers.add(
      this.attention(layers.layerNorm(h, `${key}.norm2`), this.context, `${key}.attn2`),
      h,
    )
    return layers.add(this.feedForward(layers.layerNorm(h, `${key}.norm3`), `${key}.ff.net`), h)
  }

  /** Tokens that look at the texts from here on. */
  private split(h: Value): Value {
    const tokens = this.perText(h, 3)
    this.texts = undefined
    return tokens
  }

  private attention(x: Value, context: Value, key: string): Value {
    const { layers } = this
    const width = layers.shape(`${key}.to_q.weight`)[0]!
    const projected = (part: 'k' | 'v') => {
      const seen = layers.shape(`${key}.to_${part}.weight`)[1]!
      const changed = this.hooks.reduce((h, hook) => hook.attended?.(h, seen, part) ?? h, context)
      return layers.linear(changed, `${key}.to_${part}`)
    }
    if (this.perturbed && key.includes('middle_block') && key.endsWith('attn1'))
      return layers.linear(projected('v'), `${key}.to_out.0`)
    const q = layers.linear(x, `${key}.to_q`)
    const [k, v] = [projected('k'), projected('v')]
    if (key.includes('middle_block') && key.endsWith('attn1')) this.middle ??= [q, k]
    const mixed = layers.attention([q, k, v], { heads: this.config.heads(width), width })
    return layers.linear(mixed, `${key}.to_out.0`)
  }

  /** How much of all looks each place of the middle block gets, [B,T]: the mean over its heads. */
  attentionGot(): Value {
    const { layers, middle } = this
    if (!middle)
      throw new ModelError('The model has no attention in its middle block to be watched.')
    const width = layers.shape(`${this.config.prefix}middle_block.1.proj_in.weight`)[0]!
    return layers.attentionGot(middle, { heads: this.config.heads(width), width })
  }

  /** GEGLU: https://arxiv.org/abs/2002.05202 */
  private feedForward(x: Value, key: string): Value {
    const { layers } = this
    const [value, gate] = layers.halves(x, `${key}.0.proj`)
    return layers.linear(layers.graph.op('Mul', [value, layers.gelu(gate)]), `${key}.2`)
  }

  private norm(x: Value, key: string, epsilon: number): Value {
    return this.layers.groupNorm(x, key, { groups: this.config.normGroups, epsilon })
  }
}
