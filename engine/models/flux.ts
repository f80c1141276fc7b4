// Flux.1 dev and schnell: blocks of two streams, then blocks of one, with rotary positions.
// https://github.com/black-forest-labs/flux (Apache-2.0), keys as there.
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { ConditioningItem, NetworkInput } from './kinds.ts'
import { patchesIn, patchSide } from './patches.ts'
import {
  joinedPatches,
  leadingLatent,
  methodOf,
  referencePositions,
  referencesOf,
} from './reference-latents.ts'
import { gridPositions, type Position, ropeTables } from './rope.ts'
import { RotaryBlocks, streamInputs, type Triple } from './rotary-blocks.ts'
import { attentionBias, tokenWeightExtras } from './token-weights.ts'
import { diffusionPrefix, type Transformer } from './transformer.ts'
import { TransformerLayers } from './transformer-layers.ts'
import type { GraphOptions } from './unet.ts'

const at = diffusionPrefix
/** Shares of a head that turn with index, row and column. */
const axes = [16, 56, 56]
const theta = 10_000
const waveWidth = 256
/** The network was trained on times 0..1000. */
const timeFactor = 1000
const usualGuidance = 3.5

export interface FluxSize {
  hidden: number
  patchWidth: number
  contextWidth: number
  pooledWidth: number
  /** dev is told the guidance, schnell is not. */
  guided: boolean
}

export function fluxSize(weights: Weights): FluxSize {
  const [hidden, patchWidth] = weight(weights, `${at}img_in.weight`).shape as [number, number]
  return {
    hidden,
    patchWidth,
    contextWidth: weight(weights, `${at}txt_in.weight`).shape[1]!,
    pooledWidth: weight(weights, `${at}vector_in.in_layer.weight`).shape[1]!,
    guided: weights.tensors.has(`${at}guidance_in.in_layer.weight`),
  }
}

export function flux(weights: Weights): Transformer {
  const size = fluxSize(weights)
  const extras = (item: ConditioningItem): Record<string, Tensor> => {
    const { guidance = usualGuidance } = item
    const told = size.guided && guidance !== null
    return {
      ...tokenWeightExtras(item),
      ...(told && { guidance: tensor([1], Float32Array.of(guidance)) }),
    }
  }
  const count = (blocks: string) => {
    let n = 0
    while (weights.tensors.has(`${at}${blocks.replace('#', `${n}`)}.weight`)) n++
    return n
  }
  return {
    channels: size.patchWidth / patchSide ** 2,
    contextWidth: size.contextWidth,
    pooledWidth: size.pooledWidth,
    blocks: {
      input: count('double_blocks.#.img_attn.proj'),
      output: count('single_blocks.#.linear2'),
      width: size.hidden,
    },
    build: options => build(weights, size, options),
    feeds(input) {
      const feeds = fluxFeeds(size, input)
      const bias = attentionBias(input, feeds.patches!.shape[1]!)
      return bias ? { ...feeds, bias } : feeds
    },
    references: true,
    skipsBlocks: true,
    biased: input => input.extras?.tokenWeights !== undefined,
    latent: (out, x) => leadingLatent(out, x, 'channels-first'),
    extras,
  }
}

/** @param more tokens before the text */
export function fluxFeeds({ guided }: FluxSize, input: NetworkInput, more = 0) {
  const { x, timesteps, context, y, extras } = input
  const references = referencesOf(input)
  const [height, width] = x.shape.slice(-2) as [number, number]
  const text: Position[] = Array.from({ length: more + context.shape[1]! }, () => [0, 0, 0])
  const grid = gridPositions(patchesIn(height), patchesIn(width), (row, column) => [0, row, column])
  const inputs: Record<string, Tensor> = {
    patches: joinedPatches(x, references, 'channels-first'),
    ...ropeTables(
      [...text, ...grid, ...referencePositions(references, x, methodOf(input))],
      axes,
      theta,
    ),
    t: tensor([timesteps.length], timesteps),
    context,
    y: y!,
  }
  if (!guided) return inputs
  const batch = timesteps.length
  const none = tensor([batch])
  const has = extras?.guidance ? 1 : 0
  return {
    ...inputs,
    guidance: extras?.guidance ?? none,
    guided: tensor([batch, 1], new Float32Array(batch).fill(has)),
  }
}

/**
 * The network before its first block, with inputs as `streamInputs`, y, guidance [B], guided [B,1].
 */
export function beginFlux(layers: TransformerLayers, size: FluxSize) {
  const { graph } = layers
  const input = (name: string, ...dims: (string | number)[]) =>
    graph.input(name, DataType.float, dims)
  const { patches, rotation, t, context } = streamInputs(graph, size)
  const y = input('y', 'B', size.pooledWidth)
  const embed = (x: Value, name: string) =>
    layers.embed(x, `${at}${name}.in_layer`, `${at}${name}.out_layer`)
  let vector = embed(layers.waves(t, waveWidth, timeFactor), 'time_in')
  if (size.guided) {
    const waves = layers.waves(input('guidance', 'B'), waveWidth, timeFactor)
    // Workflows may switch it off.
    const switched = graph.op('Mul', [embed(waves, 'guidance_in'), input('guided', 'B', 1)])
    vector = layers.add(vector, switched)
  }
  vector = layers.silu(layers.add(vector, embed(y, 'vector_in')))
  const picture = layers.linear(patches, `${at}img_in`)
  const text = layers.linear(context, `${at}txt_in`)
  return { net: new Flux(layers, size.hidden, vector, rotation), picture, text }
}

/** Inputs as `beginFlux` has them, `control.input.0` … and `control.0` …; output `out` [B,T,C·4]. */
function build(weights: Weights, size: FluxSize, options: GraphOptions): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights, options.profile, options.branches)
  const { net, picture, text } = beginFlux(layers, size)
  if (options.biased) net.withBias(graph.input('bias', DataType.float, ['1 or B', 1, 'N', 'N']))
  const last = net.blocks(picture, text, {
    double: (x, n) => layers.controlled(x, `input.${n}`, options),
    single: options.control?.length ? (x, n) => layers.controlled(x, `${n}`, options) : undefined,
    skipped: options,
  })
  graph.output('out', net.answer(last), ['B', 'T', size.patchWidth])
  return graph
}

/** What may change the picture's tokens after each block, and which blocks are left out. */
interface AroundBlocks {
  double(picture: Value, block: number): Value
  single?(picture: Value, block: number): Value
  skipped?: Pick<GraphOptions, 'skippedBlocks' | 'skippedSingles'>
}

export class Flux extends RotaryBlocks {
  /** → the picture's tokens. */
  blocks(picture: Value, text: Value, after: AroundBlocks): Value {
    const { layers } = this
    const { skippedBlocks = [], skippedSingles = [] } = after.skipped ?? {}
    for (let n = 0; layers.has(`${at}double_blocks.${n}.img_attn.proj.weight`); n++) {
      if (skippedBlocks.includes(n)) continue
      ;[picture, text] = this.doubleBlock(picture, text, `${at}double_blocks.${n}`)
      picture = after.double(picture, n)
    }
    let joined = layers.join(text, picture)
    for (let n = 0; layers.has(`${at}single_blocks.${n}.linear2.weight`); n++) {
      if (skippedSingles.includes(n)) continue
      joined = this.singleBlock(joined, `${at}single_blocks.${n}`)
      if (!after.single) continue
      const [words, own] = layers.part(joined, text)
      const changed = after.single(own, n)
      if (changed !== own) joined = layers.join(words, changed)
    }
    return layers.part(joined, text)[1]
  }

  answer(picture: Value): Value {
    const { layers } = this
    const key = `${at}final_layer`
    const [shift, scale] = layers.modulation(this.vector, `${key}.adaLN_modulation.1`, 2)
    return layers.linear(layers.modulate(this.norm(picture), shift!, scale!), `${key}.linear`)
  }

  private doubleBlock(picture: Value, text: Value, key: string): [Value, Value] {
    const { layers } = this
    const ofPicture = layers.modulation(this.vector, `${key}.img_mod.lin`, 6)
    const ofText = layers.modulation(this.vector, `${key}.txt_mod.lin`, 6)
    const a = this.project(text, ofText, `${key}.txt_attn`)
    const b = this.project(picture, ofPicture, `${key}.img_attn`)
    const joined = a.map((part, i) => layers.join(part, b[i]!)) as Triple
    const [toText, toPicture] = layers.part(this.attend(joined), text)
    return [
      this.finish(picture, toPicture, ofPicture, `${key}.img`),
      this.finish(text, toText, ofText, `${key}.txt`),
    ]
  }

  /** Queries, keys and values of one stream. */
  private project(h: Value, [shift, scale]: Value[], key: string): Triple {
    const { layers, hidden } = this
    const seen = layers.modulate(this.norm(h), shift!, scale!)
    const parts = layers.parted(seen, `${key}.qkv`, [hidden, hidden, hidden])
    return this.normed(parts as Triple, `${key}.norm`)
  }

  private normed([q, k, v]: Triple, key: string): Triple {
    const { layers, heads } = this
    return [
      layers.headNorm(q, `${key}.query_norm.scale`, heads),
      layers.headNorm(k, `${key}.key_norm.scale`, heads),
      v,
    ]
  }

  /** Adds what attention found, then the feed-forward's answer. */
  private finish(h: Value, found: Value, of: Value[], key: string): Value {
    const { layers } = this
    const [, , gate, shift, scale, lastGate] = of
    h = layers.gated(h, gate!, layers.linear(found, `${key}_attn.proj`))
    const wide = layers.linear(layers.modulate(this.norm(h), shift!, scale!), `${key}_mlp.0`)
    return layers.gated(h, lastGate!, layers.linear(layers.geluTanh(wide), `${key}_mlp.2`))
  }

  /** Attention and feed-forward side by side: https://arxiv.org/abs/2302.05442 */
  private singleBlock(h: Value, key: string): Value {
    const { layers, hidden } = this
    const [shift, scale, gate] = layers.modulation(this.vector, `${key}.modulation.lin`, 3)
    const seen = layers.modulate(this.norm(h), shift!, scale!)
    const wide = layers.shape(`${key}.linear2.weight`)[1]! - hidden
    const widths = [hidden, hidden, hidden, wide]
    const [q, k, v, forward] = layers.parted(seen, `${key}.linear1`, widths)
    const found = this.attend(this.normed([q!, k!, v!], `${key}.norm`))
    const both = layers.graph.op('Concat', [found, layers.geluTanh(forward!)], { axis: -1 })
    return layers.gated(h, gate!, layers.linear(both, `${key}.linear2`))
  }
}
