// Lumina-Image 2.0 and its successor Z-Image: text and picture are refined apart, then go through one
// stream of blocks. https://arxiv.org/abs/2503.21758 and https://arxiv.org/abs/2511.22699, keys as in
// Alpha-VLLM's NextDiT and Tongyi's S3-DiT (both Apache-2.0).
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
const epsilon = 1e-5
const waveWidth = 256

/** What cannot be seen in shapes. */
interface Style {
  headWidth: number
  /** Shares of a head that turn with place in the text, row and column. */
  axes: readonly number[]
  theta: number
  /** Times are 0..1 to samplers. */
  timeFactor: number
  /** The layer of a block that hears of the time, and whether SiLU comes before it. */
  timeKey: string
  silu: boolean
  /** Text and picture are each filled up to a multiple of this many tokens. */
  multiple: number
  /** Place of the first word. */
  firstPlace: number
}

const lumina2: Style = {
  ...{ headWidth: 96, axes: [32, 32, 32], theta: 10_000, timeFactor: 1 },
  ...{ timeKey: 'adaLN_modulation.1', silu: true, multiple: 1, firstPlace: 0 },
}
const zImage: Style = {
  ...{ headWidth: 128, axes: [32, 48, 48], theta: 256, timeFactor: 1000 },
  ...{ timeKey: 'adaLN_modulation.0', silu: false, multiple: 32, firstPlace: 1 },
}

/** Learnt, one row each. */
const fillings = { text: `${at}cap_pad_token`, picture: `${at}x_pad_token` }

const isZImage = ({ tensors }: Weights): boolean =>
  tensors.has(fillings.text) || tensors.has(fillings.picture)

interface Size {
  style: Style
  hidden: number
  patchWidth: number
  contextWidth: number
  heads: Heads
}

export function lumina(weights: Weights): Transformer {
  const [hidden, patchWidth] = weight(weights, `${at}x_embedder.weight`).shape as [number, number]
  const contextWidth = weight(weights, `${at}cap_embedder.1.weight`).shape[1]!
  const rows = weight(weights, `${at}layers.0.attention.qkv.weight`).shape[0]!
  const style = isZImage(weights) ? zImage : lumina2
  const { headWidth } = style
  const keyHeads = (rows - hidden) / 2 / headWidth
  const heads = { heads: hidden / headWidth, width: headWidth, keyHeads }
  return {
    channels: patchWidth / patchSide ** 2,
    contextWidth,
    pooledWidth: 0,
    build: options => build(weights, { style, hidden, patchWidth, contextWidth, heads }, options),
    feeds: input => feeds(style, input),
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

/** The picture's place on the first axis is where the text ends. What fills it up has no place. */
function feeds(style: Style, { x, timesteps, context }: NetworkInput): Record<string, Tensor> {
  const { axes, theta, multiple, firstPlace } = style
  const [rows, columns] = x.shape.slice(-2).map(patchesIn) as [number, number]
  const words = context.shape[1]!
  const tokens = words + fillingOf(words, multiple)
  const text = Array.from({ length: tokens }, (_, i): Position => [firstPlace + i, 0, 0])
  const place = firstPlace + tokens
  const grid = gridPositions(rows, columns, (row, column) => [place, row, column])
  for (let n = fillingOf(grid.length, multiple); n > 0; n--) grid.push([0, 0, 0])
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
    ...(multiple > 1 && {
      text_filling: tensor([tokens - words, 1]),
      filling: tensor([grid.length - rows * columns, 1]),
    }),
  }
}

const fillingOf = (length: number, multiple: number): number =>
  Math.ceil(length / multiple) * multiple - length

/**
 * Inputs patches [B,T,C·4], cos and sin of text [S',head/2] and picture [T',head/2], t [B],
 * context [B,S,W]; where both are filled up, filling [T'−T,1] and text_filling [S'−S,1], all zeros.
 */
function build(weights: Weights, size: Size, options: GraphOptions): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights, options.profile, options.branches)
  const input = (name: string, ...dims: (string | number)[]) =>
    graph.input(name, DataType.float, dims)
  const patches = input('patches', 'B', 'T', size.patchWidth)
  const { headWidth, timeFactor, multiple } = size.style
  const rotation = (start: string, length: string): Rotation => ({
    cos: input(`${start}cos`, length, headWidth / 2),
    sin: input(`${start}sin`, length, headWidth / 2),
    interleaved: true,
  })
  const [ofText, ofPicture] = [rotation('text_', "S'"), rotation('', "T'")]
  const waves = layers.waves(input('t', 'B'), waveWidth, timeFactor)
  const vector = layers.embed(waves, `${at}t_embedder.mlp.0`, `${at}t_embedder.mlp.2`)
  const net = new Lumina(layers, size, vector)
  const words = layers.rmsNorm(
    input('context', 'B', 'S', size.contextWidth),
    `${at}cap_embedder.0.weight`,
    epsilon,
  )
  const filled = (x: Value, key: string, name: string): Value =>
    multiple === 1 ? x : net.fill(x, key, input(name, `${name} length`, 1))
  const bare = layers.linear(words, `${at}cap_embedder.1`)
  const picture = layers.linear(patches, `${at}x_embedder`)
  const text = net.blocks(filled(bare, fillings.text, 'text_filling'), 'context_refiner', ofText)
  const seen = net.blocks(filled(picture, fillings.picture, 'filling'), 'noise_refiner', ofPicture)
  const whole: Rotation = {
    cos: graph.op('Concat', [ofText.cos, ofPicture.cos], { axis: 0 }),
    sin: graph.op('Concat', [ofText.sin, ofPicture.sin], { axis: 0 }),
    interleaved: true,
  }
  const mixed = net.blocks(layers.join(text, seen), 'layers', whole)
  const [last] = layers.part(layers.part(mixed, text)[1], picture)
  graph.output('out', net.finish(last), ['B', 'T', size.patchWidth])
  return graph
}

class Lumina {
  private readonly layers: TransformerLayers
  private readonly size: Size
  /** The time. */
  private readonly vector: Value

  constructor(layers: TransformerLayers, size: Size, vector: Value) {
    this.layers = layers
    this.size = size
    this.vector = vector
  }

  /** x [B,T,hidden] followed by as many rows of a learnt one as `zeros` [n,1] has. */
  fill(x: Value, key: string, zeros: Value): Value {
    const { layers } = this
    const { graph } = layers
    const rows = layers.add(zeros, layers.weight(key, [1, this.size.hidden]))
    const batch = graph.op('Shape', [x], { start: 0, end: 1 })
    const shape = graph.op('Concat', [batch, graph.op('Shape', [rows])], { axis: 0 })
    return graph.op('Concat', [x, graph.op('Expand', [rows, shape])], { axis: 1 })
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
    const { timeKey, silu } = this.size.style
    const timed = layers.has(`${key}.${timeKey}.weight`)
    const vector = silu ? layers.silu(this.vector) : this.vector
    const of = timed ? layers.modulation(vector, `${key}.${timeKey}`, 4) : []
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
    const keys = heads.keyHeads! * heads.width
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
    const vector = layers.silu(this.vector)
    const [scale] = layers.modulation(vector, `${key}.adaLN_modulation.1`, 1)
    const factor = layers.add(scale!, graph.scalar(1))
    const normed = layers.normal(h, size.hidden)
    return layers.linear(graph.op('Mul', [normed, factor]), `${key}.linear`)
  }
}
