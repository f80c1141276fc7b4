// A network of twenty thousand weights that has every layer of ours once: what a text encoder, a
// UNet and a decoder do, with weights of 32 and 16 bits that lie in a file as a checkpoint's do.
import { writeFileSync } from 'node:fs'
import { sizeOf, type Tensor, tensor } from '../../tensor.ts'
import { floatToHalf } from '../half.ts'
import { Layers, type OpProfile } from '../layers.ts'
import { DataType, OnnxGraph, type Value } from '../onnx-graph.ts'
import type { Ids } from '../session.ts'
import { type Weight, type Weights, weight } from '../weights.ts'

const width = 32
const tokens = 8
const words = 40
const edge = 12
const heads = 4

const linear = (name: string, out = width, inputs = width) => [
  [`${name}.weight`, [out, inputs], 'F16'] as const,
  [`${name}.bias`, [out], 'F16'] as const,
]
const conv = (name: string, out: number, inputs: number, type: 'F16' | 'F32' = 'F16') => [
  [`${name}.weight`, [out, inputs, 3, 3], type] as const,
  [`${name}.bias`, [out], type] as const,
]
const norm = (name: string) => [
  [`${name}.weight`, [width], 'F32'] as const,
  [`${name}.bias`, [width], 'F32'] as const,
]
const attention = (name: string) => ['q', 'k', 'v', 'out'].flatMap(n => linear(`${name}.${n}`))

const shapes: readonly (readonly [string, readonly number[], 'F16' | 'F32'])[] = [
  ['embedding.weight', [words, width], 'F16'],
  ...norm('text.norm'),
  ...attention('text.attention'),
  ...linear('text.up', 2 * width),
  ...linear('text.down', width, 2 * width),
  ...conv('in', width, 4),
  ...norm('norm'),
  ...conv('half', width, width),
  ...norm('rows'),
  ...attention('cross'),
  ...linear('gate', 2 * width),
  ...linear('mix', width, 2 * width),
  ...conv('out', 4, 2 * width, 'F32'),
]

/** In -1..1, the same on every machine: a linear congruence over the place. */
const level = (i: number) => ((Math.imul(i + 1, 2_654_435_761) >>> 8) % 65_536) / 32_768 - 1

/** Writes the weights into `file`, one after the other. */
export function writeWeights(file: string): Weights {
  const tensors = new Map<string, Weight>()
  const parts: Uint8Array[] = []
  let offset = 0
  let place = 0
  for (const [name, shape, type] of shapes) {
    const size = sizeOf(shape)
    // So that a layer's output is about as large as its input; norms multiply by about 1.
    const scale = shape.length === 1 ? 0.3 : Math.sqrt(3 / sizeOf(shape.slice(1)))
    const centre = name.endsWith('norm.weight') || name === 'rows.weight' ? 1 : 0
    const values = Float32Array.from({ length: size }, () => centre + scale * level(place++))
    const bytes = type === 'F32' ? values : Uint16Array.from(values, floatToHalf)
    parts.push(new Uint8Array(bytes.buffer))
    tensors.set(name, { type, shape, file, offset, length: bytes.byteLength })
    offset += bytes.byteLength
  }
  writeFileSync(file, Buffer.concat(parts))
  return { file, tensors, metadata: {} }
}

/** Inputs `ids` [2,tokens], `x` [2,4,edge,edge]; output `out` as x. */
export function selfTestNetwork(weights: Weights, profile: OpProfile): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights, profile)
  const ids = graph.input('ids', DataType.int64, [2, tokens])
  const x = graph.input('x', DataType.float, [2, 4, edge, edge])
  const context = text(layers, ids)
  const skip = layers.conv(x, 'in')
  const normal = layers.silu(layers.groupNorm(skip, 'norm', { groups: 8, epsilon: 1e-5 }))
  const small = layers.conv(normal, 'half', { stride: 2 })
  const mixed = layers.add(
    small,
    layers.unrows(crossed(layers, layers.rows(small), context), small),
  )
  const joined = graph.op('Concat', [layers.upsample(mixed, skip), skip], { axis: 1 })
  graph.output('out', layers.conv(joined, 'out'), [2, 4, edge, edge])
  return graph
}

/** [B,S] → [B,S,width] */
function text(layers: Layers, ids: Value): Value {
  const { graph } = layers
  const { value } = layers.stored(weight(layers.weights, 'embedding.weight'))
  const x = graph.op('Cast', [graph.op('Gather', [value, ids])], { to: DataType.float })
  const normal = layers.layerNorm(x, 'text.norm')
  const seen = layers.add(x, attend(layers, 'text.attention', normal, normal, true))
  const wide = layers.quickGelu(layers.linear(seen, 'text.up'))
  return layers.add(seen, layers.linear(wide, 'text.down'))
}

/** A picture's rows look at the text. */
function crossed(layers: Layers, rows: Value, context: Value): Value {
  const seen = layers.add(rows, attend(layers, 'cross', layers.layerNorm(rows, 'rows'), context))
  return layers.add(seen, layers.linear(layers.gelu(layers.linear(seen, 'gate')), 'mix'))
}

function attend(layers: Layers, name: string, x: Value, context: Value, causal = false): Value {
  const [q, k, v] = [x, context, context].map((from, i) =>
    layers.linear(from, `${name}.${'qkv'[i]}`),
  ) as [Value, Value, Value]
  return layers.linear(layers.attention([q, k, v], { heads, width, causal }), `${name}.out`)
}

export function selfTestFeeds(): { ids: Ids; x: Tensor } {
  const ids = BigInt64Array.from({ length: 2 * tokens }, (_, i) => BigInt((i * 7) % words))
  const x = Float32Array.from({ length: 2 * 4 * edge * edge }, (_, i) => 2 * level(i + 1_000_000))
  return { ids: { shape: [2, tokens], data: ids }, x: tensor([2, 4, edge, edge], x) }
}
