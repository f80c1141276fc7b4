// Qwen-Image: text and picture in two streams that attend to one another in every block.
// https://arxiv.org/abs/2508.02324, keys and layout as in diffusers' QwenImageTransformer2DModel.
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { type AfterBlock, installBlockwise } from './blockwise-control.ts'
import type { NetworkInput } from './kinds.ts'
import { patchesIn, patchSide } from './patches.ts'
import { joinedPatches, leadingLatent, methodOf, referencesOf } from './reference-latents.ts'
import { gridPositions, type Position, ropeTables } from './rope.ts'
import { RotaryBlocks, streamInputs, type Triple } from './rotary-blocks.ts'
import { diffusionPrefix, type Transformer } from './transformer.ts'
import { TransformerLayers } from './transformer-layers.ts'
import type { GraphOptions } from './unet.ts'

const at = diffusionPrefix
/** Shares of a head that turn with frame, row and column. */
const axes = [16, 56, 56]
const theta = 10_000
const waveWidth = 256
/** The network was trained on times 0..1000. */
const timeFactor = 1000

interface Size {
  hidden: number
  patchWidth: number
  contextWidth: number
}

export function qwenImage(weights: Weights): Transformer {
  const [hidden, patchWidth] = weight(weights, `${at}img_in.weight`).shape as [number, number]
  const contextWidth = weight(weights, `${at}txt_in.weight`).shape[1]!
  return {
    channels: patchWidth / patchSide ** 2,
    contextWidth,
    pooledWidth: 0,
    build: options => build(weights, { hidden, patchWidth, contextWidth }, options),
    feeds: input => ({ ...feeds(input), ...(still(input) && { still: stillPatches(input) }) }),
    references: true,
    blockwise: hidden,
    still,
    latent: (out, x) => leadingLatent(out, x, 'channels-first'),
  }
}

/** Whether references are to be seen as pictures without noise, as Qwen-Image-Edit 2511 was trained. */
const still = (input: NetworkInput): boolean =>
  methodOf(input) === 'index_timestep_zero' && referencesOf(input).length > 0

/** [1,T,1]: 1 for patches of references. */
function stillPatches(input: NetworkInput): Tensor {
  const count = ({ shape }: Tensor) => patchesIn(shape.at(-2)!) * patchesIn(shape.at(-1)!)
  const own = count(input.x)
  const all = referencesOf(input).reduce((sum, latent) => sum + count(latent), own)
  const out = tensor([1, all, 1])
  out.data.fill(1, own)
  return out
}

/** Pictures lie around the origin, each on its frame; the text follows beyond the longer side. */
function feeds(input: NetworkInput): Record<string, Tensor> {
  const { x, timesteps, context } = input
  const references = referencesOf(input)
  const grids = [x, ...references].flatMap((latent, index) => centred(latent, index))
  const start = Math.max(...x.shape.slice(-2).map(side => patchesIn(side) >> 1))
  const text = Array.from({ length: context.shape[1]! }, (_, i): Position => {
    const place = start + i
    return [place, place, place]
  })
  return {
    patches: joinedPatches(x, references, 'channels-first'),
    ...ropeTables([...text, ...grids], axes, theta),
    t: tensor([timesteps.length], timesteps),
    context,
  }
}

function centred({ shape }: Tensor, index: number): Position[] {
  const [rows, columns] = shape.slice(-2).map(patchesIn) as [number, number]
  const [top, left] = [rows >> 1, columns >> 1]
  return gridPositions(rows, columns, (row, column) => [index, row - top, column - left])
}

/**
 * Inputs as `streamInputs`, and `still` [1,T,1] where some patches are without noise; output `out`
 * [B,T,C·4].
 */
function build(weights: Weights, size: Size, options: GraphOptions): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights, options.profile, options.branches)
  const { patches, rotation, t, context } = streamInputs(graph, size)
  // Both times at once, so that their layers' weights are read once.
  const none = graph.op('Mul', [t, graph.scalar(0)])
  const times = options.still ? graph.op('Concat', [t, none], { axis: 0 }) : t
  const waves = layers.waves(times, waveWidth, timeFactor)
  const time = `${at}time_text_embed.timestep_embedder`
  const vectors = layers.silu(layers.embed(waves, `${time}.linear_1`, `${time}.linear_2`))
  const vector = options.still ? halves(graph, vectors)[0] : vectors
  const net = new QwenImage(layers, size.hidden, vector, rotation)
  net.after = (options.blockwise ?? []).map((patch, i) => installBlockwise(graph, patch, i))
  if (options.still)
    net.still = { vectors, patches: graph.input('still', DataType.float, [1, 'T', 1]) }
  const text = layers.linear(layers.rmsNorm(context, `${at}txt_norm.weight`), `${at}txt_in`)
  const out = net.forward(layers.linear(patches, `${at}img_in`), text)
  graph.output('out', out, ['B', 'T', size.patchWidth])
  return graph
}

/** Along the batch. */
const halves = (graph: OnnxGraph, x: Value): [Value, Value] =>
  graph.ops('Split', [x], { axis: 0, num_outputs: 2 }, 2) as [Value, Value]

class QwenImage extends RotaryBlocks {
  /** Of both times, and the patches that the second one is for. */
  still: { vectors: Value; patches: Value } | undefined
  after: readonly AfterBlock[] = []

  forward(picture: Value, text: Value): Value {
    const { layers } = this
    for (let n = 0; layers.has(`${at}transformer_blocks.${n}.attn.to_q.weight`); n++) {
      ;[picture, text] = this.block(picture, text, `${at}transformer_blocks.${n}`)
      for (const change of this.after) picture = change(picture, n)
    }
    const [scale, shift] = layers.modulation(this.vector, `${at}norm_out.linear`, 2)
    return layers.linear(layers.modulate(this.norm(picture), shift!, scale!), `${at}proj_out`)
  }

  private block(picture: Value, text: Value, key: string): [Value, Value] {
    const { layers } = this
    const ofPicture = this.ofPicture(`${key}.img_mod.1`)
    const ofText = layers.modulation(this.vector, `${key}.txt_mod.1`, 6)
    const a = this.project(text, ofText, `${key}.attn`, textNames)
    const b = this.project(picture, ofPicture, `${key}.attn`, pictureNames)
    const joined = a.map((part, i) => layers.join(part, b[i]!)) as Triple
    const [toText, toPicture] = layers.part(this.attend(joined), text)
    const [found, foundByText] = [
      layers.linear(toPicture, `${key}.attn.to_out.0`),
      layers.linear(toText, `${key}.attn.to_add_out`),
    ]
    return [
      this.feedForward(layers.gated(picture, ofPicture[2]!, found), ofPicture, `${key}.img_mlp`),
      this.feedForward(layers.gated(text, ofText[2]!, foundByText), ofText, `${key}.txt_mlp`),
    ]
  }

  /** Shifts, scales and gates: the same for all patches, or those of time 0 for patches without noise. */
  private ofPicture(key: string): Value[] {
    const { layers, still } = this
    const { graph } = layers
    if (!still) return layers.modulation(this.vector, key, 6)
    return layers.modulation(still.vectors, key, 6).map(both => {
      const [moving, resting] = halves(graph, both)
      const apart = graph.op('Sub', [resting, moving])
      return layers.gated(moving, still.patches, apart)
    })
  }

  /** Queries and keys of one stream, normalised within each head; values. */
  private project(h: Value, [shift, scale]: Value[], key: string, names: Names): Triple {
    const { layers, heads } = this
    const x = layers.modulate(this.norm(h), shift!, scale!)
    const [q, k, v] = names.projections.map(name => layers.linear(x, `${key}.${name}`))
    return [
      layers.headNorm(q!, `${key}.${names.queryNorm}.weight`, heads),
      layers.headNorm(k!, `${key}.${names.keyNorm}.weight`, heads),
      v!,
    ]
  }

  private feedForward(h: Value, [, , , shift, scale, gate]: Value[], key: string): Value {
    const { layers } = this
    const wide = layers.linear(layers.modulate(this.norm(h), shift!, scale!), `${key}.net.0.proj`)
    return layers.gated(h, gate!, layers.linear(layers.geluTanh(wide), `${key}.net.2`))
  }
}

interface Names {
  projections: readonly string[]
  queryNorm: string
  keyNorm: string
}

const pictureNames: Names = {
  projections: ['to_q', 'to_k', 'to_v'],
  queryNorm: 'norm_q',
  keyNorm: 'norm_k',
}
const textNames: Names = {
  projections: ['add_q_proj', 'add_k_proj', 'add_v_proj'],
  queryNorm: 'norm_added_q',
  keyNorm: 'norm_added_k',
}
