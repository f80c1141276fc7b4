// SwinIR: attention within windows between convolutions. https://arxiv.org/abs/2108.10257, keys as in
// https://github.com/JingyunLiang/SwinIR (Apache-2.0).
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import { DataType, OnnxGraph, real, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { conv, type Layout, linear, norm, type Part, type Tensors } from './layout.ts'
import { TransformerLayers } from './transformer-layers.ts'
import type { UpscaleNetwork } from './upscale-network.ts'
import { shiftRegions, Windows } from './windows.ts'

/** Networks for JPEG artefacts are the only ones with this window; they count in 0..255. */
const jpegWindow = 7
const firstBlock = 'layers.0.residual_group.blocks.0'
const tableEnd = 'attn.relative_position_bias_table'

/** Tensors of a window attention block of SwinIR's kind. */
export const windowBlock: Tensors = {
  ...norm('norm1', 'C'),
  ...linear('attn.qkv', 'C', '3C'),
  ...linear('attn.proj', 'C', 'C'),
  [tableEnd]: ['OFFSETS', 'h'],
  ...norm('norm2', 'C'),
  ...linear('mlp.fc1', 'C', 'M'),
  ...linear('mlp.fc2', 'M', 'C'),
}

/** Smaller pictures are filled up before they are cut into windows. */
export const leastSide = 16

/** How it gets from features to a picture. */
type Ending = 'shuffle' | 'shuffle once' | 'nearest' | 'same size'

export function openSwinIr(weights: Weights): UpscaleNetwork | undefined {
  // Either of a layer's tensors will do: the other is asked for later.
  const some = (key: string) => hasLayer(weights, key)
  const has = (key: string) => weights.tensors.has(key)
  if (!has(`${firstBlock}.attn.qkv.weight`) && !has(`${firstBlock}.mlp.fc1.weight`))
    return undefined
  if (has('conv_first.1.weight') || has('absolute_pos_embed'))
    throw new ModelError(
      `${basename(weights.file)} is a SwinIR with ${has('absolute_pos_embed') ? 'places' : 'folding'}, ` +
        'which is not supported. Choose another upscale model.',
    )
  const ending: Ending = some('conv_before_upsample.0')
    ? some('conv_up1')
      ? 'nearest'
      : 'shuffle'
    : some('upsample.0')
      ? 'shuffle once'
      : 'same size'
  const table = weight(weights, `${firstBlock}.${tableEnd}`)
  const side = windowSide(table.shape[0]!)
  const features = weight(weights, 'conv_first.weight').shape[0]!
  const heads = table.shape[1]!
  const scale = scaleOf(weights, ending)
  return {
    name: 'SwinIR',
    scale,
    least: leastSide,
    multiple: side,
    maps: Math.max(8 * features + 2 * heads * side ** 2, 2 * 64 * scale ** 2),
    layout: layoutOf(weights, ending),
    build: () => build(weights, { side, features, ending, scale }),
    feeds: (height, width) => ({ regions: shiftRegions(height, width, side) }),
  }
}

const hasLayer = ({ tensors }: Weights, key: string): boolean =>
  tensors.has(`${key}.weight`) || tensors.has(`${key}.bias`)

/** A table has a row for each offset of two pixels of a window, -(side−1)..side−1 along both axes. */
export const windowSide = (rows: number): number => (Math.sqrt(rows) + 1) / 2

function scaleOf(weights: Weights, ending: Ending): number {
  const count = (pattern: RegExp) =>
    [...weights.tensors.keys()].filter(key => pattern.test(key)).length
  if (ending === 'nearest') return 2 ** count(/^conv_up\d\.bias$/)
  if (ending === 'shuffle') return shuffleSteps(weights).reduce((all, { by }) => all * by, 1)
  if (ending === 'same size') return 1
  return Math.sqrt(weight(weights, 'upsample.0.weight').shape[0]! / 3)
}

/** Convolutions that each end in a pixel shuffle: keys, and how many times larger each makes it. */
export const shuffleSteps = (weights: Weights): { key: string; by: number }[] =>
  [0, 2, 4, 6]
    .map(n => `upsample.${n}`)
    .filter(key => hasLayer(weights, key))
    .map(key => {
      const [outputs, inputs] = weight(weights, `${key}.weight`).shape as [number, number]
      return { key, by: Math.sqrt(outputs / inputs) }
    })

/** One convolution, or three with a narrow one in the middle. */
export const bodyConv = (at: string, weights: Weights, place: string): Part =>
  hasLayer(weights, `${place}.0`)
    ? {
        at,
        tensors: { ...conv('0', 'C', 'Q'), ...conv('2', 'Q', 'Q', 1), ...conv('4', 'Q', 'C') },
      }
    : { at, tensors: conv('', 'C', 'C') }

/** Of `upsample` and what stands around it. */
export const shuffleEnding = (weights: Weights): Part => ({
  at: '',
  tensors: {
    ...conv('conv_before_upsample.0', 'C', 'F'),
    ...shuffleSteps(weights)
      .map(({ key, by }) => conv(key, 'F', `${by ** 2}F`))
      .reduce((all, own) => Object.assign(all, own), {}),
    ...conv('conv_last', 'F', 3),
  },
})

function layoutOf(weights: Weights, ending: Ending): Layout {
  const ends: Record<Ending, () => Tensors> = {
    shuffle: () => shuffleEnding(weights).tensors,
    'shuffle once': () => conv('upsample.0', 'C', 'OUT'),
    nearest: () => ({
      ...conv('conv_before_upsample.0', 'C', 'F'),
      ...conv('conv_hr', 'F', 'F'),
      ...conv('conv_last', 'F', 3),
    }),
    'same size': () => conv('conv_last', 'C', 3),
  }
  return {
    parts: [
      { at: 'layers.#.residual_group.blocks.#', tensors: windowBlock },
      bodyConv('layers.#.conv', weights, 'layers.0.conv'),
      bodyConv('conv_after_body', weights, 'conv_after_body'),
      { at: 'conv_up#', tensors: conv('', 'F', 'F') },
      {
        at: '',
        tensors: { ...conv('conv_first', 3, 'C'), ...norm('norm', 'C'), ...ends[ending]() },
        optional: [{ tensors: norm('patch_embed.norm', 'C') }],
      },
    ],
    counted: ['layers.#', 'layers.#.residual_group.blocks.#'],
  }
}

interface Config {
  side: number
  features: number
  ending: Ending
  scale: number
}

function build(weights: Weights, config: Config): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights)
  const image = graph.input('image', DataType.float, [1, 3, 'H', 'W'])
  const regions = graph.input('regions', DataType.float, [1, 'H', 'W', 1])
  const windows = new Windows(layers, config.side, image, regions)
  const net = new SwinIr(layers, windows, config)
  const range = config.side === jpegWindow ? 255 : 1
  graph.output(
    'out',
    inRange(layers, image, range, x => net.forward(x)),
    [1, 3, 'OH', 'OW'],
  )
  return graph
}

/** The picture around its mean; the answer back in 0..1. */
export function inRange(
  { graph }: TransformerLayers,
  image: Value,
  range: number,
  forward: (x: Value) => Value,
): Value {
  const mean = graph.floats('mean', [1, 3, 1, 1], Float32Array.of(0.4488, 0.4371, 0.404))
  const times = (x: Value, by: number) => (by === 1 ? x : graph.op('Mul', [x, graph.scalar(by)]))
  const out = forward(times(graph.op('Sub', [image, mean]), range))
  return graph.op('Add', [times(out, 1 / range), mean])
}

/** What SwinIR and its successor HAT share. */
export class WindowedUpscaler {
  protected readonly layers: TransformerLayers
  protected readonly windows: Windows
  protected readonly features: number

  constructor(layers: TransformerLayers, windows: Windows, features: number) {
    this.layers = layers
    this.windows = windows
    this.features = features
  }

  protected leaky(x: Value, slope: number): Value {
    return this.layers.graph.op('LeakyRelu', [x], { alpha: real(slope) })
  }

  /** [1,C,H,W] → [1,H,W,C] and back. */
  protected toRows(x: Value): Value {
    return this.layers.graph.op('Transpose', [x], { perm: [0, 2, 3, 1] })
  }

  protected toPlanes(x: Value): Value {
    return this.layers.graph.op('Transpose', [x], { perm: [0, 3, 1, 2] })
  }

  /** A convolution, or three in a row, of [1,C,H,W]. */
  protected bodyConv(x: Value, key: string): Value {
    const { layers } = this
    if (!layers.has(`${key}.2.weight`)) return layers.conv(x, key)
    const narrow = this.leaky(layers.conv(x, `${key}.0`), 0.2)
    return layers.conv(this.leaky(layers.conv(narrow, `${key}.2`), 0.2), `${key}.4`)
  }

  /** Attention within windows of [1,H,W,C], shifted or not. */
  protected attend(x: Value, key: string, shifted: boolean): Value {
    const { layers, windows, features } = this
    const cut = windows.cut(shifted ? windows.shift(x) : x, features)
    const parts = layers.split(layers.linear(cut, `${key}.qkv`), [features, features, features])
    const table = `${key}.relative_position_bias_table`
    const heads = layers.shape(table)[1]!
    const offsets = windows.bias(table)
    const bias = shifted ? layers.add(offsets, windows.mask) : offsets
    const mixed = layers.attend(parts as [Value, Value, Value], {
      ...{ heads, width: features / heads, bias },
    })
    const joined = windows.join(layers.linear(mixed, `${key}.proj`), features)
    return shifted ? windows.shift(joined, -1) : joined
  }

  protected feedForward(x: Value, key: string): Value {
    const { layers } = this
    return layers.linear(layers.gelu(layers.linear(x, `${key}.fc1`)), `${key}.fc2`)
  }

  /** Convolutions and pixel shuffles up to the picture. */
  protected shuffled(x: Value): Value {
    const { layers } = this
    const { graph } = layers
    let h = this.leaky(layers.conv(x, 'conv_before_upsample.0'), 0.01)
    for (const { key, by } of shuffleSteps(layers.weights))
      h = graph.op('DepthToSpace', [layers.conv(h, key)], { blocksize: by, mode: 'CRD' })
    return layers.conv(h, 'conv_last')
  }
}

class SwinIr extends WindowedUpscaler {
  private readonly config: Config

  constructor(layers: TransformerLayers, windows: Windows, config: Config) {
    super(layers, windows, config.features)
    this.config = config
  }

  forward(x: Value): Value {
    const { layers } = this
    const first = layers.conv(x, 'conv_first')
    const h = layers.add(this.bodyConv(this.body(first), 'conv_after_body'), first)
    switch (this.config.ending) {
      case 'shuffle':
        return this.shuffled(h)
      case 'shuffle once':
        return layers.graph.op('DepthToSpace', [layers.conv(h, 'upsample.0')], {
          ...{ blocksize: this.config.scale, mode: 'CRD' },
        })
      case 'nearest':
        return this.enlarged(h)
      case 'same size':
        return layers.add(x, layers.conv(h, 'conv_last'))
    }
  }

  private body(first: Value): Value {
    const { layers } = this
    let h = this.toRows(first)
    if (layers.has('patch_embed.norm.weight')) h = layers.layerNorm(h, 'patch_embed.norm')
    for (let n = 0; layers.has(`layers.${n}.residual_group.blocks.0.norm1.weight`); n++) {
      const before = h
      const key = `layers.${n}.residual_group.blocks`
      for (let b = 0; layers.has(`${key}.${b}.norm1.weight`); b++)
        h = this.block(h, `${key}.${b}`, b % 2 === 1)
      h = layers.add(this.toRows(this.bodyConv(this.toPlanes(h), `layers.${n}.conv`)), before)
    }
    return this.toPlanes(layers.layerNorm(h, 'norm'))
  }

  private block(x: Value, key: string, shifted: boolean): Value {
    const { layers } = this
    const found = this.attend(layers.layerNorm(x, `${key}.norm1`), `${key}.attn`, shifted)
    const h = layers.add(x, found)
    return layers.add(h, this.feedForward(layers.layerNorm(h, `${key}.norm2`), `${key}.mlp`))
  }

  private enlarged(x: Value): Value {
    const { layers } = this
    let h = this.leaky(layers.conv(x, 'conv_before_upsample.0'), 0.01)
    for (let n = 1; layers.has(`conv_up${n}.weight`); n++)
      h = this.leaky(layers.conv(layers.upsample(h), `conv_up${n}`), 0.2)
    return layers.conv(this.leaky(layers.conv(h, 'conv_hr'), 0.2), 'conv_last')
  }
}
