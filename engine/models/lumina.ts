// Lumina-Image 2.0: text and picture are refined apart, then go through one stream of blocks.
// https://arxiv.org/abs/2503.21758, keys as in Alpha-VLLM's NextDiT (Apache-2.0).
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { NetworkInput } from './kinds.ts'
import { fromPatches, patchesIn, patchSide, toPatches } from './patches.ts'
import { gridPositions, type Position, ropeTables } from './rope.ts'
import { diffusionPrefix, type Transformer } from './transformer.ts'
import { type Heads, type Rotation, TransformerLayers } from './transformer-layers.ts'
import type { GraphOptions } from './unet.ts'

const at = diffusionPrefix
const headWidth = 96
/** Shares of a head that turn with place in the text, row and column. */
const axes = [32, 32, 32]
const theta = 10_000
const epsilon = 1e-5
const waveWidth = 256

interface Size {
  hidden: number
  patchWidth: number
  contextWidth: number
  heads: Heads
}

export function lumina(weights: Weights): Transformer {
  const [hidden, patchWidth] = weight(weights, `${at}x_embedder.weight`).shape as [number, number]
  const contextWidth = weight(weights, `${at}cap_embedder.1.weight`).shape[1]!
  const rows = weight(weights, `${at}layers.0.attention.qkv.weight`).shape[0]!
  const keyHeads = (rows - hidden) / 2 / headWidth
  const heads = { heads: hidden / headWidth, width: headWidth, keyHeads }
  return {
    channels: patchWidth / patchSide ** 2,
    contextWidth,
    pooledWidth: 0,
    build: options => build(weights, { hidden, patchWidth, contextWidth, heads }, options),
    feeds,
    // It was trained to go from noise to picture; samplers count the other way.
    latent: (out, x) => {
      const answer = fromPatches(out, x.shape, 'channels-last')
      return tensor(
        answer.shape,
        answer.data.map(value => -value),
      )
    },
  }
}

/** The picture's place on the first axis is where the text ends. */
function feeds({ x, timesteps, context }: NetworkInput): Record<string, Tensor> {
  const [rows, columns] = x.shape.slice(-2).map(patchesIn) as [number, number]
  const tokens = context.shape[1]!
  const text = Array.from({ length: tokens }, (_, i): Position => [i, 0, 0])
  const grid = gridPositions(rows, columns, (row, column) => [tokens, row, column])
  const [ofText, ofPicture] = [text, grid].map(places => ropeTables(places, axes, theta))
  return {
    patches: toPatches(x, 'channels-last'),
    text_cos: ofText!.cos,
    text_sin: ofText!.sin,
    cos: ofPicture!.cos,
    sin: ofPicture!.sin,
    t: tensor(
      [timesteps.length],
      timesteps.map(t => 1 - t),
    ),
    context,
  }
}

/** Inputs patches [B,T,C·4], cos and sin of text [S,48] and picture [T,48], t [B], context [B,S,W]. */
function build(weights: Weights, size: Size, options: GraphOptions): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights, options.profile, options.branches)
  const input = (name: string, ...dims: (string | number)[]) =>
    graph.input(name, DataType.float, dims)
  const patches = input('patches', 'B', 'T', size.patchWidth)
  const rotation = (start: string, length: string): Rotation => ({
    cos: input(`${start}cos`, length, headWidth / 2),
    sin: input(`${start}sin`, length, headWidth / 2),
    interleaved: true,
  })
  const [ofText, ofPicture] = [rotation('text_', 'S'), rotation('', 'T')]
  const waves = layers.waves(input('t', 'B'), waveWidth)
  const vector = layers.silu(layers.embed(waves, `${at}t_embedder.mlp.0`, `${at}t_embedder.mlp.2`))
  const net = new Lumina(layers, size, vector)
  const words = layers.rmsNorm(
    input('context', 'B', 'S', size.contextWidth),
    `${at}cap_embedder.0.weight`,
    epsilon,
  )
  const text = net.blocks(layers.linear(words, `${at}cap_embedder.1`), 'context_refiner', ofText)
  const seen = net.blocks(layers.linear(patches, `${at}x_embedder`), 'noise_refiner', ofPicture)
  const whole: Rotation = {
    cos: graph.op('Concat', [ofText.cos, ofPicture.cos], { axis: 0 }),
    sin: graph.op('Concat', [ofText.sin, ofPicture.sin], { axis: 0 }),
    interleaved: true,
  }
  const mixed = net.blocks(layers.join(text, seen), 'layers', whole)
  graph.output('out', net.finish(layers.part(mixed, text)[1]), ['B', 'T', size.patchWidth])
  return graph
}

class Lumina {
  private readonly layers: TransformerLayers
  private readonly size: Size
  /** SiLU of the time. */
  private readonly vector: Value

  constructor(layers: TransformerLayers, size: Size, vector: Value) {
    this.layers = layers
    this.size = size
    this.vector = vector
  }

  /** All blocks of one name. */
  blocks(h: Value, name: string, rotation: Rotation): Value {
    for (let n = 0; this.layers.has(`${at}${name}.${n}.attention.qkv.weight`); n++)
      h = this.block(h, `${at}${name}.${n}`, rotation)
    return h
  }

  /** Scales alone, no shifts; the refiner of the text is not told the time. */
  private block(h: Value, key: string, rotation: Rotation): Value {
    const { layers } = this
    const { graph } = layers
    const timed = layers.has(`${key}.adaLN_modulation.1.weight`)
    const of = timed ? layers.modulation(this.vector, `${key}.adaLN_modulation.1`, 4) : []
    const norm = (x: Value, name: string) => layers.rmsNorm(x, `${key}.${name}.weight`, epsilon)
    const scaled = (x: Value, scale: Value | undefined) =>
      scale ? graph.op('Mul', [x, layers.add(scale, graph.scalar(1))]) : x
    const added = (x: Value, gate: Value | undefined, y: Value) =>
      gate ? layers.gated(x, graph.op('Tanh', [gate]), y) : layers.add(x, y)
    const found = this.attention(
      scaled(norm(h, 'attention_norm1'), of[0]),
      `${key}.attention`,
      rotation,
    )
    h = added(h, of[1], norm(found, 'attention_norm2'))
    const wide = this.feedForward(scaled(norm(h, 'ffn_norm1'), of[2]), `${key}.feed_forward`)
    return added(h, of[3], norm(wide, 'ffn_norm2'))
  }

  private attention(x: Value, key: string, rotation: Rotation): Value {
    const { layers } = this
    const { hidden, heads } = this.size
    const keys = heads.keyHeads! * headWidth
    const [q, k, v] = layers.split(layers.linear(x, `${key}.qkv`), [hidden, keys, keys])
    const ofKeys = { ...heads, heads: heads.keyHeads! }
    const query = layers.headNorm(q!, `${key}.q_norm.weight`, heads, epsilon)
    const known = layers.headNorm(k!, `${key}.k_norm.weight`, ofKeys, epsilon)
    const turned = [query, known].map(part => layers.rotate(part, rotation))
    return layers.linear(layers.attend([turned[0]!, turned[1]!, v!], heads), `${key}.out`)
  }

  /** https://arxiv.org/abs/2002.05202 */
  private feedForward(x: Value, key: string): Value {
    const { layers } = this
    const gate = layers.silu(layers.linear(x, `${key}.w1`))
    const wide = layers.graph.op('Mul', [gate, layers.linear(x, `${key}.w3`)])
    return layers.linear(wide, `${key}.w2`)
  }

  finish(h: Value): Value {
    const { layers, size } = this
    const { graph } = layers
    const key = `${at}final_layer`
    const [scale] = layers.modulation(this.vector, `${key}.adaLN_modulation.1`, 1)
    const factor = layers.add(scale!, graph.scalar(1))
    const normed = layers.normal(h, size.hidden)
    return layers.linear(graph.op('Mul', [normed, factor]), `${key}.linear`)
  }
}
