// SPAN, an upscaler of few plain convolutions. https://arxiv.org/abs/2311.12770, keys as in
// https://github.com/hongyuanyu/SPAN (Apache-2.0).
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { readFloats, type Weights, weight } from '../inference/weights.ts'
import { conv, each, type Layout, type Size, type Tensors } from './layout.ts'
import type { UpscaleNetwork } from './upscale-network.ts'

const blocks = [1, 2, 3, 4, 5, 6].map(n => `block_${n}`)
const rgbMean = [0.4488, 0.4371, 0.404]
const range = 255

/** A 3 × 3 convolution that was trained as three and a shortcut. */
const trained = (name: string, from: Size, twice: Size): Tensors => ({
  ...conv(`${name}.sk`, from, 'C', 1),
  ...conv(`${name}.conv.0`, from, twice, 1),
  ...conv(`${name}.conv.1`, twice, '2C'),
  ...conv(`${name}.conv.2`, '2C', 'C', 1),
})

const layout: Layout = {
  parts: [
    {
      at: '',
      tensors: {
        ...trained('conv_1', 3, 6),
        ...each(
          blocks.flatMap(block => ['c1_r', 'c2_r', 'c3_r'].map(name => `${block}.${name}`)),
          name => trained(name, 'C', '2C'),
        ),
        ...trained('conv_2', 'C', '2C'),
        ...conv('conv_cat', '4C', 'C', 1),
        ...conv('upsampler.0', 'C', 'OUT'),
      },
    },
  ],
}

export function openSpan(weights: Weights): UpscaleNetwork | undefined {
  const has = (key: string) => weights.tensors.has(key)
  if (!has('conv_1.sk.weight') && !has('block_1.c1_r.sk.weight')) return undefined
  const features = weight(weights, 'conv_1.sk.weight').shape[0]!
  const scale = Math.sqrt(weight(weights, 'upsampler.0.weight').shape[0]! / 3)
  return {
    name: 'SPAN',
    scale,
    multiple: 1,
    maps: 4 * features,
    layout,
    build: () => build(weights, scale),
  }
}

function build(weights: Weights, scale: number): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const net = new Span(layers)
  const image = graph.input('image', DataType.float, ['B', 3, 'H', 'W'])
  graph.output('out', net.forward(image, scale), ['B', 3, 'OH', 'OW'])
  return graph
}

class Span {
  private readonly layers: Layers

  constructor(layers: Layers) {
    this.layers = layers
  }

  forward(image: Value, scale: number): Value {
    const { layers } = this
    const { graph } = layers
    const first = this.convolve(this.normed(image), 'conv_1')
    const outputs: Value[] = []
    let [h, inner] = [first, first]
    for (const block of blocks) {
      ;[h, inner] = this.block(h, block)
      outputs.push(h)
    }
    // The last block's state after its first layer skips to the end as well.
    const last = this.convolve(h, 'conv_2')
    const all = graph.op('Concat', [first, last, outputs[0]!, inner], { axis: 1 })
    const wide = layers.conv(layers.conv(all, 'conv_cat'), 'upsampler.0')
    return graph.op('DepthToSpace', [wide], { blocksize: scale, mode: 'CRD' })
  }

  private normed(image: Value): Value {
    const { graph } = this.layers
    if (this.layers.has('no_norm')) return image
    const mean = graph.floats('mean', [1, 3, 1, 1], Float32Array.from(rgbMean))
    return graph.op('Mul', [graph.op('Sub', [image, mean]), graph.scalar(range)])
  }

  /** Its output, and its state after the first layer. Attention without parameters: σ(y) − ½. */
  private block(x: Value, key: string): [Value, Value] {
    const { layers } = this
    const { graph } = layers
    const first = layers.silu(this.convolve(x, `${key}.c1_r`))
    const second = this.convolve(first, `${key}.c2_r`)
    const third = this.convolve(layers.silu(second), `${key}.c3_r`)
    const attention = graph.op('Sub', [graph.op('Sigmoid', [third]), graph.scalar(0.5)])
    return [graph.op('Mul', [layers.add(third, x), attention]), first]
  }

  private convolve(x: Value, key: string): Value {
    const { layers } = this
    const { kernel, bias, shape } = merged(layers.weights, key)
    const inputs = [
      x,
      layers.graph.floats(`${key}.kernel`, shape, kernel),
      layers.graph.floats(`${key}.bias`, [shape[0]!], bias),
    ]
    return layers.convolve(inputs, shape, {})
  }
}

/** The one convolution that 1 × 1, 3 × 3 and 1 × 1 in a row and a 1 × 1 beside them amount to. */
function merged(weights: Weights, key: string) {
  const read = (name: string) => readFloats(weight(weights, `${key}.${name}`))
  const [w1, b1] = [read('conv.0.weight'), read('conv.0.bias')]
  const [w2, b2] = [read('conv.1.weight'), read('conv.1.bias')]
  const [w3, b3] = [read('conv.2.weight'), read('conv.2.bias')]
  const [skip, skipBias] = [read('sk.weight'), read('sk.bias')]
  const inputs = weight(weights, `${key}.sk.weight`).shape[1]!
  const [outputs, middle, wide] = [b3.length, b2.length, b1.length]
  const taps = 9
  // [middle,inputs,9]: the first two.
  const two = new Float64Array(middle * inputs * taps)
  const bias = Float32Array.from(b3)
  const middleBias = Float64Array.from(b2)
  for (let m = 0; m < middle; m++)
    for (let k = 0; k < wide; k++)
      for (let t = 0; t < taps; t++) {
        const factor = w2[(m * wide + k) * taps + t]!
        middleBias[m]! += factor * b1[k]!
        for (let i = 0; i < inputs; i++)
          two[(m * inputs + i) * taps + t]! += factor * w1[k * inputs + i]!
      }
  const kernel = new Float32Array(outputs * inputs * taps)
  for (let o = 0; o < outputs; o++) {
    for (let m = 0; m < middle; m++) bias[o]! += w3[o * middle + m]! * middleBias[m]!
    bias[o]! += skipBias[o]!
    for (let at = 0; at < inputs * taps; at++) {
      let sum = 0
      for (let m = 0; m < middle; m++) sum += w3[o * middle + m]! * two[m * inputs * taps + at]!
      kernel[o * inputs * taps + at] = sum
    }
    for (let i = 0; i < inputs; i++) kernel[(o * inputs + i) * taps + 4]! += skip[o * inputs + i]!
  }
  return { kernel, bias, shape: [outputs, inputs, 3, 3] }
}
