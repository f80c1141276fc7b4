// GLIGEN: layers between a UNet's own that tell it which text goes where.
// https://arxiv.org/abs/2301.07093, keys as in https://github.com/gligen/GLIGEN (MIT)
import { basename } from 'node:path'
import { Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import { DataType, type OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { Gligen, GligenBox } from './kinds.ts'
import type { UnetHooks } from './unet-changes.ts'

/** Texts that it can place. */
export const boxesMax = 30
const frequencies = 8
const corners = 4
/** Sine and cosine of each corner at each frequency. */
const waveWidth = 2 * frequencies * corners

/** @throws ModelError if the file is none. */
export function openGligen(weights: Weights): Gligen {
  if (weights.tensors.has('position_net.null_positive_feature')) return { file: weights.file }
  throw new ModelError(
    `${basename(weights.file)} is no GLIGEN model for text boxes. Choose one such as ` +
      'gligen_sd14_textbox_pruned.safetensors, in the gligen folder.',
  )
}

/** Boxes in latent pixels of a latent this large, as the network takes them: [1,30,…] each. */
export function gligenExtras(
  boxes: readonly GligenBox[],
  size: { width: number; height: number },
): Record<string, Tensor> {
  const textWidth = boxes[0]!.pooled.shape[1]!
  const text = tensor([1, boxesMax, textWidth])
  const places = tensor([1, boxesMax, waveWidth])
  const mask = tensor([1, boxesMax, 1])
  for (const [i, { pooled, x, y, width, height }] of boxes.entries()) {
    text.data.set(pooled.data.subarray(0, textWidth), i * textWidth)
    mask.data[i] = 1
    const [right, bottom] = [(x + width) / size.width, (y + height) / size.height]
    const box = [x / size.width, y / size.height, right, bottom]
    places.data.set(boxWaves(box), i * waveWidth)
  }
  return { 'gligen.text': text, 'gligen.places': places, 'gligen.mask': mask }
}

function boxWaves(box: readonly number[]): number[] {
  const rates = Array.from({ length: frequencies }, (_, i) => 100 ** (i / frequencies))
  return rates.flatMap(rate => [Math.sin, Math.cos].flatMap(wave => box.map(c => wave(rate * c))))
}

/** `heads` as the UNet's. Inputs as `gligenExtras` names them. */
export function installGligen(
  graph: OnnxGraph,
  weights: Weights,
  heads: (width: number) => number,
): UnetHooks {
  const layers = new Layers(graph, weights)
  const objects = placedTexts(layers)
  return {
    afterSelfAttention(h, place) {
      const key = `${place}.fuser`
      if (!layers.has(`${key}.linear.weight`)) return h
      const gate = (name: string) => graph.op('Tanh', [layers.weight(`${key}.${name}`, [1])])
      const gated = (name: string, x: Value) => layers.add(h, graph.op('Mul', [gate(name), x]))
      h = gated('alpha_attn', looked(layers, h, objects, key, heads))
      return gated('alpha_dense', feedForward(layers, layers.layerNorm(h, `${key}.norm2`), key))
    },
  }
}

/** Texts and places as tokens [B,30,width]; those that are not there as what was learnt for them. */
function placedTexts(layers: Layers): Value {
  const { graph } = layers
  const key = 'position_net'
  const width = layers.shape(`${key}.null_positive_feature`)[0]!
  const input = (name: string, size: number) =>
    graph.input(`gligen.${name}`, DataType.float, ['B', boxesMax, size])
  const mask = input('mask', 1)
  const absent = graph.op('Sub', [graph.scalar(1), mask])
  const orLearnt = (value: Value, name: string, size: number) =>
    layers.add(
      graph.op('Mul', [value, mask]),
      graph.op('Mul', [absent, layers.weight(`${key}.${name}`, [1, 1, size])]),
    )
  const texts = orLearnt(input('text', width), 'null_positive_feature', width)
  const places = orLearnt(input('places', waveWidth), 'null_position_feature', waveWidth)
  const joined = graph.op('Concat', [texts, places], { axis: -1 })
  const first = layers.silu(layers.linear(joined, `${key}.linears.0`))
  return layers.linear(layers.silu(layers.linear(first, `${key}.linears.2`)), `${key}.linears.4`)
}

/** What the picture's tokens find among themselves and the placed texts. */
function looked(
  layers: Layers,
  h: Value,
  objects: Value,
  key: string,
  heads: (width: number) => number,
): Value {
  const { graph } = layers
  const texts = layers.linear(objects, `${key}.linear`)
  const all = layers.layerNorm(graph.op('Concat', [h, texts], { axis: 1 }), `${key}.norm1`)
  const width = layers.shape(`${key}.attn.to_q.weight`)[0]!
  const [q, k, v] = ['q', 'k', 'v'].map(name => layers.linear(all, `${key}.attn.to_${name}`))
  const mixed = layers.attention([q!, k!, v!], { heads: heads(width), width })
  const out = layers.linear(mixed, `${key}.attn.to_out.0`)
  const length = graph.op('Shape', [h], { start: 1, end: 2 })
  return graph.op('Slice', [out, graph.ints([0]), length, graph.ints([1])])
}

function feedForward(layers: Layers, x: Value, key: string): Value {
  const [value, gate] = layers.halves(x, `${key}.ff.net.0.proj`)
  return layers.linear(layers.graph.op('Mul', [value, layers.gelu(gate)]), `${key}.ff.net.2`)
}
