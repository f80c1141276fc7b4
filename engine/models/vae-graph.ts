// Encoder and decoder of the KL autoencoder, every size read off the weights: the number of levels
// says how many pixels are one latent. https://arxiv.org/abs/2112.10752, keys as in CompVis'.
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import type { UsualPicture } from '../inference/winograd.ts'
import type { GraphOptions } from './unet.ts'

export interface VaeConfig {
  prefix: string
  latentChannels: number
  /** Image pixels per latent pixel. */
  downscale: number
  levels: number
  normGroups: number
  /** Channels at full resolution: what a picture's activations cost. */
  baseChannels: number
}

/** Of a checkpoint, or of a file that is a VAE alone (no prefix). */
export function vaeConfig(weights: Weights): VaeConfig {
  const prefix = weights.tensors.has('decoder.conv_in.weight') ? '' : 'first_stage_model.'
  let levels = 0
  while (weights.tensors.has(`${prefix}decoder.up.${levels}.block.0.norm1.weight`)) levels++
  return {
    prefix,
    levels,
    downscale: 2 ** (levels - 1),
    latentChannels: weight(weights, `${prefix}decoder.conv_in.weight`).shape[1]!,
    baseChannels: weight(weights, `${prefix}decoder.up.0.block.0.conv1.weight`).shape[1]!,
    normGroups: Number(weights.metadata['comfyrunner.norm_groups'] ?? 32),
  }
}

/** Input `latent` [B,4,h,w]; output `image` [B,3,H,W] in -1..1. */
export function buildVaeDecoder(weights: Weights, config: VaeConfig, options: GraphOptions = {}) {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights, options.profile)
  const blocks = new VaeBlocks(layers, config.normGroups, options.tall)
  const { prefix } = config
  const at = `${prefix}decoder.`
  blocks.scale = 1
  let h = graph.input('latent', DataType.float, ['B', config.latentChannels, 'h', 'w'])
  if (layers.has(`${prefix}post_quant_conv.weight`)) h = layers.conv(h, `${prefix}post_quant_conv`)
  h = blocks.middle(layers.conv(h, `${at}conv_in`), `${at}mid`)
  for (let level = config.levels - 1; level >= 0; level--) {
    h = blocks.level(h, `${at}up.${level}.block`)
    const up = `${at}up.${level}.upsample.conv`
    if (!layers.has(`${up}.weight`)) continue
    h = layers.doubledConv(h, up, blocks.picture)
    blocks.scale *= 2
  }
  h = layers.conv(layers.silu(blocks.norm(h, `${at}norm_out`)), `${at}conv_out`)
  graph.output('image', h, ['B', 3, 'H', 'W'])
  return graph
}

/** Input `image` [B,3,H,W] in -1..1; output `latent`, the mode of the posterior. */
export function buildVaeEncoder(weights: Weights, config: VaeConfig, options: GraphOptions = {}) {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights, options.profile)
  const blocks = new VaeBlocks(layers, config.normGroups, options.tall)
  const { prefix } = config
  const at = `${prefix}encoder.`
  let h = layers.conv(graph.input('image', DataType.float, ['B', 3, 'H', 'W']), `${at}conv_in`)
  for (let level = 0; level < config.levels; level++) {
    h = blocks.level(h, `${at}down.${level}.block`)
    const down = `${at}down.${level}.downsample.conv`
    // Padded at the right and the bottom only.
    if (!layers.has(`${down}.weight`)) continue
    h = layers.conv(h, down, { stride: 2, pads: [0, 0, 1, 1] })
    blocks.scale /= 2
  }
  h = layers.silu(blocks.norm(blocks.middle(h, `${at}mid`), `${at}norm_out`))
  h = layers.conv(h, `${at}conv_out`)
  if (layers.has(`${prefix}quant_conv.weight`)) h = layers.conv(h, `${prefix}quant_conv`)
  // Mean and log variance lie one after the other; the mean is the mode.
  const range = [graph.ints([0]), graph.ints([config.latentChannels]), graph.ints([1])]
  graph.output('latent', graph.op('Slice', [h, ...range]), ['B', config.latentChannels, 'h', 'w'])
  return graph
}

/** Edge of a usual latent. */
const latentEdge = 64

class VaeBlocks {
  /** Pixels per latent pixel where the graph has come to. */
  scale = 1
  private readonly layers: Layers
  private readonly groups: number
  private readonly tall: boolean

  constructor(layers: Layers, groups: number, tall = false) {
    this.layers = layers
    this.groups = groups
    this.tall = tall
  }

  get picture(): UsualPicture {
    return { edge: latentEdge * this.scale, whole: this.scale % 4 === 0, tall: this.tall }
  }

  norm(x: Value, key: string): Value {
    return this.layers.groupNorm(x, key, { groups: this.groups, epsilon: 1e-6 })
  }

  level(x: Value, key: string): Value {
    for (let n = 0; this.layers.has(`${key}.${n}.norm1.weight`); n++)
      x = this.resBlock(x, `${key}.${n}`)
    return x
  }

  middle(x: Value, key: string): Value {
    x = this.resBlock(x, `${key}.block_1`)
    return this.resBlock(this.attention(x, `${key}.attn_1`), `${key}.block_2`)
  }

  private resBlock(x: Value, key: string): Value {
    const { layers } = this
    const shape = { picture: this.picture }
    const h = layers.conv(layers.silu(this.norm(x, `${key}.norm1`)), `${key}.conv1`, shape)
    const out = layers.conv(layers.silu(this.norm(h, `${key}.norm2`)), `${key}.conv2`, shape)
    const skip = `${key}.nin_shortcut`
    return layers.add(layers.has(`${skip}.weight`) ? layers.conv(x, skip) : x, out)
  }

  /** One head over all pixels. */
  private attention(x: Value, key: string): Value {
    const { layers } = this
    const width = layers.shape(`${key}.norm.weight`)[0]!
    const h = layers.rows(this.norm(x, `${key}.norm`))
    const [q, k, v] = ['q', 'k', 'v'].map(name => layers.linear(h, `${key}.${name}`))
    const mixed = layers.attention([q!, k!, v!], { heads: 1, width })
    return layers.add(x, layers.unrows(layers.linear(mixed, `${key}.proj_out`), x))
  }
}
