// The autoencoder of Wan 2.1 and Qwen-Image, for single pictures. It was made for films: its
// kernels reach back in time, and before the first frame there is nothing, so of each kernel only
// the newest layer counts. https://arxiv.org/abs/2503.20314, keys as in Wan's own (Apache-2.0).
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import { type Weights, weight } from '../inference/weights.ts'
import type { Vae } from './kinds.ts'
import { checkLayout, type Layout } from './layout.ts'
import { wanDecoderLayout, wanEncoderLayout } from './layouts-pictures.ts'
import { identity, weightBytes } from './recipe.ts'
import { ConvolutionalVae } from './vae.ts'

const downscale = 8

export const isWanVae = ({ tensors }: Weights): boolean =>
  tensors.has('decoder.middle.0.residual.0.gamma')

export class WanVae extends ConvolutionalVae {
  readonly stored: NonNullable<Vae['stored']>

  constructor(weights: Weights, pool: SessionPool) {
    const baseChannels = weight(weights, 'decoder.head.0.gamma').shape[0]!
    const latentChannels = weight(weights, 'conv2.weight').shape[0]!
    const recipe = (
      name: string,
      build: (weights: Weights) => OnnxGraph,
      layout: Layout,
    ): SessionRecipe => ({
      key: `wan vae ${name} ${identity(weights)}`,
      file: weights.file,
      costBytes: weightBytes(weights, `${name}.`),
      build: () => {
        checkLayout(weights, '', layout)
        return build(weights)
      },
    })
    const halves = {
      decoder: recipe('decoder', buildWanDecoder, wanDecoderLayout),
      encoder: recipe('encoder', buildWanEncoder, wanEncoderLayout),
    }
    super({ downscale, latentChannels, baseChannels, ...halves }, pool)
    this.stored = { weights, prefix: '' }
  }
}

/** Input `latent` [B,16,h,w]; output `image` [B,3,H,W] in -1..1. */
function buildWanDecoder(weights: Weights): OnnxGraph {
  const graph = new OnnxGraph()
  const blocks = new WanBlocks(new Layers(graph, weights))
  const channels = weight(weights, 'conv2.weight').shape[0]!
  const latent = graph.input('latent', DataType.float, ['B', channels, 'h', 'w'])
  const first = blocks.conv(blocks.conv(latent, 'conv2'), 'decoder.conv1')
  const upsampled = blocks.stages(blocks.middle(first, 'decoder.middle'), 'decoder.upsamples')
  graph.output('image', blocks.head(upsampled, 'decoder.head'), ['B', 3, 'H', 'W'])
  return graph
}

/** Input `image` [B,3,H,W] in -1..1; output `latent`, the mode of the posterior. */
function buildWanEncoder(weights: Weights): OnnxGraph {
  const graph = new OnnxGraph()
  const blocks = new WanBlocks(new Layers(graph, weights))
  const image = graph.input('image', DataType.float, ['B', 3, 'H', 'W'])
  const downsampled = blocks.stages(blocks.conv(image, 'encoder.conv1'), 'encoder.downsamples')
  const last = blocks.head(blocks.middle(downsampled, 'encoder.middle'), 'encoder.head')
  const channels = weight(weights, 'conv2.weight').shape[0]!
  // Mean and log variance lie one after the other; the mean is the mode.
  const range = [graph.ints([0]), graph.ints([channels]), graph.ints([1])]
  const mean = graph.op('Slice', [blocks.conv(last, 'conv1'), ...range])
  graph.output('latent', mean, ['B', channels, 'h', 'w'])
  return graph
}

class WanBlocks {
  private readonly layers: Layers

  constructor(layers: Layers) {
    this.layers = layers
  }

  /** A kernel [out,in,T,h,w] as [out,in,h,w], its newest layer. */
  conv(x: Value, key: string): Value {
    const { layers } = this
    const { graph } = layers
    const [outputs, inputs, times, height, width] = layers.shape(`${key}.weight`) as number[]
    const whole = layers.weight(`${key}.weight`)
    const kernel =
      times === 1
        ? layers.weight(`${key}.weight`, [outputs!, inputs!, height!, width!])
        : graph.op('Gather', [whole, graph.int(times! - 1)], { axis: 2 })
    const size = [outputs!, inputs!, height!, width!]
    return layers.convolve([x, kernel, layers.weight(`${key}.bias`)], size, {})
  }

  /** Each pixel's channels scaled to length √channels, times gamma. */
  private norm(x: Value, key: string): Value {
    const { layers } = this
    const { graph } = layers
    const channels = layers.shape(`${key}.gamma`)[0]!
    const length = graph.op('LpNormalization', [x], { axis: 1, p: 2 })
    const gamma = layers.weight(`${key}.gamma`, [1, channels, 1, 1])
    const scale = graph.op('Mul', [gamma, graph.scalar(Math.sqrt(channels))])
    return graph.op('Mul', [length, scale])
  }

  /** Residual blocks and changes of size, in the order of their numbers. */
  stages(x: Value, key: string): Value {
    const { layers } = this
    for (let n = 0; ; n++) {
      const at = `${key}.${n}`
      if (layers.has(`${at}.residual.0.gamma`)) x = this.residual(x, at)
      else if (!layers.has(`${at}.resample.1.weight`)) return x
      else if (key.startsWith('decoder')) x = layers.conv(layers.upsample(x), `${at}.resample.1`)
      // Padded at the right and the bottom only.
      else x = layers.conv(x, `${at}.resample.1`, { stride: 2, pads: [0, 0, 1, 1] })
    }
  }

  middle(x: Value, key: string): Value {
    x = this.attention(this.residual(x, `${key}.0`), `${key}.1`)
    return this.residual(x, `${key}.2`)
  }

  head(x: Value, key: string): Value {
    return this.conv(this.layers.silu(this.norm(x, `${key}.0`)), `${key}.2`)
  }

  private residual(x: Value, key: string): Value {
    const { layers } = this
    const at = `${key}.residual`
    const h = this.conv(layers.silu(this.norm(x, `${at}.0`)), `${at}.2`)
    const out = this.conv(layers.silu(this.norm(h, `${at}.3`)), `${at}.6`)
    const shortcut = `${key}.shortcut`
    return layers.add(layers.has(`${shortcut}.weight`) ? this.conv(x, shortcut) : x, out)
  }

  /** One head over all pixels. */
  private attention(x: Value, key: string): Value {
    const { layers } = this
    const width = layers.shape(`${key}.norm.gamma`)[0]!
    const rows = layers.linear(layers.rows(this.norm(x, `${key}.norm`)), `${key}.to_qkv`)
    const parts = layers.graph.ops('Split', [rows], { axis: -1, num_outputs: 3 }, 3)
    const mixed = layers.attention(parts as [Value, Value, Value], { heads: 1, width })
    return layers.add(x, layers.unrows(layers.linear(mixed, `${key}.proj`), x))
  }
}
