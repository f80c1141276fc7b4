// Stable Diffusion 3 and 3.5: text and picture each have their own weights and attend to one
// another. https://arxiv.org/abs/2403.03206, keys and MMDiT-X as in Stability's sd3.5 (MIT).
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import type { Tensor } from '../tensor.ts'
import type { NetworkInput } from './kinds.ts'
import { fromPatches, patchesIn, patchSide, toPatches } from './patches.ts'
import { diffusionPrefix, type Transformer } from './transformer.ts'
import { TransformerLayers } from './transformer-layers.ts'
import type { GraphOptions } from './unet.ts'

const at = diffusionPrefix
const headWidth = 64
const timeWidth = 256

export function mmdit(weights: Weights): Transformer {
  const size = mmditSize(weights)
  return {
    channels: size.channels,
    contextWidth: size.contextWidth,
    pooledWidth: size.pooledWidth,
    skipsBlocks: true,
    // The last block has no use for its text, and takes no residual.
    blocks: { input: mmditBlocks(weights) - 1, output: 0, width: size.hidden },
    build: options => build(weights, size, options),
    feeds: input => mmditFeeds(weights, size, input),
    latent: (out, x) => fromPatches(out, x.shape, 'channels-last'),
  }
}

export interface MmditSize {
  hidden: number
  channels: number
  contextWidth: number
  pooledWidth: number
  /** Along one side. */
  positions: number
}

export function mmditSize(weights: Weights): MmditSize {
  const [hidden, channels] = weight(weights, `${at}x_embedder.proj.weight`).shape
  return {
    hidden: hidden!,
    channels: channels!,
    contextWidth: weight(weights, `${at}context_embedder.weight`).shape[1]!,
    pooledWidth: weight(weights, `${at}y_embedder.mlp.0.weight`).shape[1]!,
    // A square of learnt positions, of which smaller pictures take the middle.
    positions: Math.sqrt(weight(weights, `${at}pos_embed`).shape[1]!),
  }
}

function mmditBlocks({ tensors }: Weights): number {
  let count = 0
  while (tensors.has(`${at}joint_blocks.${count}.x_block.mlp.fc1.weight`)) count++
  return count
}

export function mmditFeeds(
  weights: Weights,
  size: MmditSize,
  { x, timesteps, context, y }: NetworkInput,
) {
  const [height, width] = x.shape.slice(-2) as [number, number]
  const [rows, columns] = [patchesIn(height), patchesIn(width)]
  const { positions } = size
  if (rows > positions || columns > positions)
    throw new ModelError(
      `${basename(weights.file)} draws at most ${positions * patchSide} latent pixels a side, this ` +
        `latent has ${width} × ${height}. Make the picture smaller.`,
    )
  const [top, left] = [(positions - rows) >> 1, (positions - columns) >> 1]
  const ids = BigInt64Array.from({ length: rows * columns }, (_, i) =>
    BigInt((top + Math.floor(i / columns)) * positions + left + (i % columns)),
  )
  return {
    patches: toPatches(x, 'channels-first'),
    positions: { shape: [ids.length], data: ids },
    t: { shape: [timesteps.length], data: timesteps } as Tensor,
    context,
    y: y!,
  }
}

/** The network before its first block, with inputs patches [B,T,C·4], positions [T], t, context, y. */
export function beginMmdit(layers: TransformerLayers, size: MmditSize) {
  const { graph } = layers
  const patchWidth = size.channels * patchSide ** 2
  const patches = graph.input('patches', DataType.float, ['B', 'T', patchWidth])
  const positions = graph.input('positions', DataType.int64, ['T'])
  const t = graph.input('t', DataType.float, ['B'])
  const context = graph.input('context', DataType.float, ['B', 'S', size.contextWidth])
  const y = graph.input('y', DataType.float, ['B', size.pooledWidth])
  const time = layers.embed(
    layers.waves(t, timeWidth),
    `${at}t_embedder.mlp.0`,
    `${at}t_embedder.mlp.2`,
  )
  const label = layers.embed(y, `${at}y_embedder.mlp.0`, `${at}y_embedder.mlp.2`)
  const net = new Mmdit(layers, size.hidden, layers.silu(layers.add(time, label)))
  const embedded = net.embedPatches(patches, 'x_embedder.proj', patchWidth)
  const picture = layers.add(embedded, net.places(positions, size))
  const text = layers.linear(context, `${at}context_embedder`)
  return { net, picture, text }
}

/** Inputs as `beginMmdit` has them, and `control.input.0` …; output `out` [B,T,C·4]. */
function build(weights: Weights, size: MmditSize, options: GraphOptions): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights, options.profile, options.branches)
  const { net, picture, text } = beginMmdit(layers, size)
  const last = net.blocks(picture, text, (x, n) => layers.controlled(x, `input.${n}`, options), {
    skipped: options.skippedBlocks,
  })
  graph.output('out', net.answer(last), ['B', 'T', size.channels * patchSide ** 2])
  return graph
}

type Triple = [Value, Value, Value]

class Mmdit {
  private readonly layers: TransformerLayers
  private readonly hidden: number
  /** SiLU of time and pooled text. */
  private readonly vector: Value

  constructor(layers: TransformerLayers, hidden: number, vector: Value) {
    this.layers = layers
    this.hidden = hidden
    this.vector = vector
  }

  /** A convolution whose stride is its kernel is one product per patch. */
  embedPatches(patches: Value, name: string, width: number): Value {
    const { layers, hidden } = this
    const key = `${at}${name}`
    const kernel = layers.weight(`${key}.weight`, [hidden, width])
    return layers.product(patches, kernel, [hidden, width], layers.weight(`${key}.bias`))
  }

  places(ids: Value, { positions, hidden }: MmditSize): Value {
    return this.layers.rowsOf(`${at}pos_embed`, ids, [positions ** 2, hidden])
  }

  /** `after` may change the picture's tokens after each block. */
  blocks(
    x: Value,
    context: Value | undefined,
    after: (x: Value, block: number) => Value,
    { skipped = [] }: { skipped?: readonly number[] } = {},
  ): Value {
    const { layers } = this
    for (let n = 0; layers.has(`${at}joint_blocks.${n}.x_block.mlp.fc1.weight`); n++)
      if (!skipped.includes(n)) {
        ;[x, context] = this.block(x, context!, `${at}joint_blocks.${n}`)
        x = after(x, n)
      }
    return x
  }

  answer(x: Value): Value {
    const { layers } = this
    const key = `${at}final_layer`
    const [shift, scale] = layers.modulation(this.vector, `${key}.adaLN_modulation.1`, 2)
    return layers.linear(layers.modulate(this.norm(x), shift!, scale!), `${key}.linear`)
  }

  private block(x: Value, context: Value, key: string): [Value, Value | undefined] {
    const { layers } = this
    const text = `${key}.context_block`
    const picture = `${key}.x_block`
    // The last block has no use for its text.
    const last = !layers.has(`${text}.attn.proj.weight`)
    const twice = layers.has(`${picture}.attn2.proj.weight`)
    const ofText = layers.modulation(this.vector, `${text}.adaLN_modulation.1`, last ? 2 : 6)
    const of = layers.modulation(this.vector, `${picture}.adaLN_modulation.1`, twice ? 9 : 6)
    const normed = this.norm(x)
    const a = this.project(
      layers.modulate(this.norm(context), ofText[0]!, ofText[1]!),
      text,
      'attn',
    )
    const b = this.project(layers.modulate(normed, of[0]!, of[1]!), picture, 'attn')
    const joined = a.map((part, i) => layers.join(part, b[i]!)) as Triple
    const [toText, toPicture] = layers.part(this.attend(joined), context)
    x = layers.gated(x, of[2]!, layers.linear(toPicture, `${picture}.attn.proj`))
    if (twice) {
      const own = this.project(layers.modulate(normed, of[6]!, of[7]!), picture, 'attn2')
      x = layers.gated(x, of[8]!, layers.linear(this.attend(own), `${picture}.attn2.proj`))
    }
    x = this.feedForward(x, of, picture)
    if (last) return [x, undefined]
    context = layers.gated(context, ofText[2]!, layers.linear(toText, `${text}.attn.proj`))
    return [x, this.feedForward(context, ofText, text)]
  }

  private feedForward(h: Value, [, , , shift, scale, gate]: Value[], key: string): Value {
    const { layers } = this
    const wide = layers.linear(layers.modulate(this.norm(h), shift!, scale!), `${key}.mlp.fc1`)
    return layers.gated(h, gate!, layers.linear(layers.geluTanh(wide), `${key}.mlp.fc2`))
  }

  /** Queries, keys and values; 3.5 normalises the first two within each head. */
  private project(h: Value, key: string, name: 'attn' | 'attn2'): Triple {
    const { layers, hidden } = this
    const [q, k, v] = layers.parted(h, `${key}.${name}.qkv`, [hidden, hidden, hidden]) as Triple
    const normal = (part: Value, norm: string) =>
      layers.has(`${key}.${name}.${norm}.weight`)
        ? layers.headNorm(part, `${key}.${name}.${norm}.weight`, this.heads)
        : part
    return [normal(q, 'ln_q'), normal(k, 'ln_k'), v]
  }

  private attend(parts: Triple): Value {
    return this.layers.attend(parts, this.heads)
  }

  private get heads() {
    return { heads: this.hidden / headWidth, width: headWidth }
  }

  private norm(x: Value): Value {
    return this.layers.normal(x, this.hidden)
  }
}
