// HAT: SwinIR's blocks with a convolution beside the attention, and one that looks into the windows
// around. https://arxiv.org/abs/2205.04437, keys as in https://github.com/XPixelGroup/HAT (Apache-2.0).
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { conv, type Layout, linear, norm } from './layout.ts'
import {
  bodyConv,
  inRange,
  leastSide,
  shuffleEnding,
  shuffleSteps,
  WindowedUpscaler,
  windowBlock,
  windowSide,
} from './swinir.ts'
import { TransformerLayers } from './transformer-layers.ts'
import type { UpscaleNetwork } from './upscale-network.ts'
import { shiftRegions, Windows } from './windows.ts'

/** How much the convolution beside the attention counts: the same in all published networks. */
const convShare = 0.01
const overlap = 'layers.0.residual_group.overlap_attn'
const table = 'attn.relative_position_bias_table'

const layoutOf = (weights: Weights): Layout => ({
  parts: [
    {
      at: 'layers.#.residual_group.blocks.#',
      tensors: {
        ...windowBlock,
        ...conv('conv_block.cab.0', 'C', 'NARROW'),
        ...conv('conv_block.cab.2', 'NARROW', 'C'),
        ...conv('conv_block.cab.3.attention.1', 'C', 'SQUEEZED', 1),
        ...conv('conv_block.cab.3.attention.3', 'SQUEEZED', 'C', 1),
      },
    },
    {
      at: 'layers.#.residual_group.overlap_attn',
      tensors: {
        ...norm('norm1', 'C'),
        ...linear('qkv', 'C', '3C'),
        ...linear('proj', 'C', 'C'),
        relative_position_bias_table: ['WIDER', 'h'],
        ...norm('norm2', 'C'),
        ...linear('mlp.fc1', 'C', 'M'),
        ...linear('mlp.fc2', 'M', 'C'),
      },
    },
    { at: 'layers.#.conv', tensors: conv('', 'C', 'C') },
    bodyConv('conv_after_body', weights, 'conv_after_body'),
    shuffleEnding(weights),
    {
      at: '',
      tensors: { ...conv('conv_first', 3, 'C'), ...norm('norm', 'C') },
      optional: [{ tensors: norm('patch_embed.norm', 'C') }],
    },
  ],
  counted: ['layers.#', 'layers.#.residual_group.blocks.#'],
})

export function openHat(weights: Weights): UpscaleNetwork | undefined {
  const has = (key: string) => weights.tensors.has(key)
  if (!has(`${overlap}.qkv.weight`) && !has(`${overlap}.proj.weight`)) return undefined
  const [rows, heads] = weight(weights, `layers.0.residual_group.blocks.0.${table}`).shape as [
    number,
    number,
  ]
  const side = windowSide(rows)
  const wider = weight(weights, `${overlap}.relative_position_bias_table`).shape[0]!
  const reach = Math.sqrt(wider) + 1 - side
  const features = weight(weights, 'conv_first.weight').shape[0]!
  const scale = shuffleSteps(weights).reduce((all, { by }) => all * by, 1)
  return {
    name: 'HAT',
    scale,
    least: leastSide,
    multiple: side,
    maps: Math.max(8 * features + 2 * heads * reach ** 2, 2 * 64 * scale ** 2),
    layout: layoutOf(weights),
    build: () => build(weights, side, reach, features),
    feeds: (height, width) => ({ regions: shiftRegions(height, width, side) }),
  }
}

function build(weights: Weights, side: number, reach: number, features: number): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights)
  const image = graph.input('image', DataType.float, [1, 3, 'H', 'W'])
  const regions = graph.input('regions', DataType.float, [1, 'H', 'W', 1])
  const windows = new Windows(layers, side, image, regions)
  const net = new Hat(layers, windows, features, reach)
  graph.output(
    'out',
    inRange(layers, image, 1, x => net.forward(x)),
    [1, 3, 'OH', 'OW'],
  )
  return graph
}

class Hat extends WindowedUpscaler {
  /** Side of the windows that the overlapping attention looks into. */
  private readonly reach: number

  constructor(layers: TransformerLayers, windows: Windows, features: number, reach: number) {
    super(layers, windows, features)
    this.reach = reach
  }

  forward(x: Value): Value {
    const { layers } = this
    const first = layers.conv(x, 'conv_first')
    return this.shuffled(layers.add(layers.conv(this.body(first), 'conv_after_body'), first))
  }

  private body(first: Value): Value {
    const { layers } = this
    let h = this.toRows(first)
    if (layers.has('patch_embed.norm.weight')) h = layers.layerNorm(h, 'patch_embed.norm')
    for (let n = 0; layers.has(`layers.${n}.conv.weight`); n++) {
      const before = h
      const key = `layers.${n}.residual_group`
      for (let b = 0; layers.has(`${key}.blocks.${b}.norm1.weight`); b++)
        h = this.block(h, `${key}.blocks.${b}`, b % 2 === 1)
      h = this.lookAround(h, `${key}.overlap_attn`)
      h = layers.add(this.toRows(layers.conv(this.toPlanes(h), `layers.${n}.conv`)), before)
    }
    return this.toPlanes(layers.layerNorm(h, 'norm'))
  }

  private block(x: Value, key: string, shifted: boolean): Value {
    const { layers } = this
    const normed = layers.layerNorm(x, `${key}.norm1`)
    const local = this.toRows(this.weighedChannels(this.toPlanes(normed), `${key}.conv_block.cab`))
    const share = layers.graph.op('Mul', [local, layers.graph.scalar(convShare)])
    const h = layers.add(layers.add(x, this.attend(normed, `${key}.attn`, shifted)), share)
    return layers.add(h, this.feedForward(layers.layerNorm(h, `${key}.norm2`), `${key}.mlp`))
  }

  /** Two convolutions, each channel weighed by what all its pixels say: arXiv:1807.02758 */
  private weighedChannels(x: Value, key: string): Value {
    const { layers } = this
    const { graph } = layers
    const y = layers.conv(layers.gelu(layers.conv(x, `${key}.0`)), `${key}.2`)
    const mean = graph.op('GlobalAveragePool', [y])
    const squeezed = graph.op('Relu', [layers.conv(mean, `${key}.3.attention.1`)])
    const weights = graph.op('Sigmoid', [layers.conv(squeezed, `${key}.3.attention.3`)])
    return graph.op('Mul', [y, weights])
  }

  /** Queries of a window, keys and values of a wider one around it. */
  private lookAround(x: Value, key: string): Value {
    const { layers, windows, features, reach } = this
    const whole = layers.linear(layers.layerNorm(x, `${key}.norm1`), `${key}.qkv`)
    const [q, k, v] = layers.split(whole, [features, features, features])
    const parts: [Value, Value, Value] = [
      windows.cut(q!, features),
      windows.cutWider(k!, features, reach),
      windows.cutWider(v!, features, reach),
    ]
    const name = `${key}.relative_position_bias_table`
    const heads = layers.shape(name)[1]!
    const bias = windows.bias(name, reach, reach - windows.side - 1)
    const mixed = layers.attend(parts, { heads, width: features / heads, bias })
    const h = layers.add(layers.linear(windows.join(mixed, features), `${key}.proj`), x)
    return layers.add(h, this.feedForward(layers.layerNorm(h, `${key}.norm2`), `${key}.mlp`))
  }
}
