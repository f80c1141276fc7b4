// The vision transformers of CLIP and SigLIP: what a picture shows, as a vector and as tokens.
// https://arxiv.org/abs/2103.00020 and https://arxiv.org/abs/2303.15343, keys as in transformers'
// CLIPVisionModelWithProjection and SiglipVisionModel.
import { basename } from 'node:path'
import { resizeAntialiased } from '../image/antialias.ts'
import { cropImage, roundHalfEven } from '../image/resize.ts'
import { Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { VisionModel, VisionOutput } from './kinds.ts'
import { checkLayout } from './layout.ts'
import { siglipLayout, visionLayout } from './layouts-pictures.ts'
import { toPlanes } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'

const prefix = 'vision_model.'
/** ViT-L, -H, -bigG and SigLIP's have sixteen, whatever their width. */
const heads = 16
/** ViT-L's; the larger ones have exact GELU. */
const widthOfQuickGelu = 1024

/** Of colours, in what each was trained on. */
const colours = {
  clip: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    deviation: [0.26862954, 0.26130258, 0.27577711],
  },
  siglip: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
}

const layouts = { clip: visionLayout, siglip: siglipLayout }

export interface VisionConfig {
  /** SigLIP's has no token for the whole picture, and answers with tokens alone. */
  kind: keyof typeof colours
  width: number
  layers: number
  patch: number
  /** Edge of the pictures it sees, in pixels. */
  size: number
}

export class ClipVision implements VisionModel {
  private readonly config: VisionConfig
  private readonly recipe: SessionRecipe
  private readonly pool: SessionPool

  constructor(weights: Weights, pool: SessionPool) {
    this.config = visionConfig(weights)
    this.pool = pool
    this.recipe = {
      key: `vision ${identity(weights)}`,
      file: weights.file,
      costBytes: weightBytes(weights, prefix),
      build: () => {
        checkLayout(weights, prefix, layouts[this.config.kind])
        return buildVision(weights, this.config)
      },
    }
  }

  async encode(image: Tensor, crop: 'center' | 'none'): Promise<VisionOutput> {
    const { size, kind } = this.config
    const pixels = visionPixels(image, size, crop, kind)
    const { embeds, last, penultimate } = await this.pool.run(this.recipe, { pixels })
    return { embeds, last: last!, penultimate: penultimate! }
  }
}

/** @throws ModelError unless the file is a CLIP vision model in transformers' layout. */
export function visionConfig(weights: Weights): VisionConfig {
  const has = (key: string) => weights.tensors.has(`${prefix}${key}`)
  const clip = has('embeddings.class_embedding')
  const projected = projections.some(name => weights.tensors.has(name))
  if (clip ? !projected : !has('post_layernorm.weight'))
    throw new ModelError(
      `${basename(weights.file)} is no CLIP vision model that is read here. Use a CLIP-ViT-L, -H, ` +
        '-bigG or SigLIP file made for ComfyUI, in the clip_vision folder.',
    )
  const [width, , patch] = weight(weights, `${prefix}embeddings.patch_embedding.weight`).shape
  const places = weight(weights, `${prefix}embeddings.position_embedding.weight`).shape[0]!
  let layers = 0
  while (has(`encoder.layers.${layers}.layer_norm1.weight`)) layers++
  const side = Math.sqrt(clip ? places - 1 : places)
  return {
    kind: clip ? 'clip' : 'siglip',
    width: width!,
    layers,
    patch: patch!,
    size: pictureEdge(side, patch!),
  }
}

/** SigLIP of 384 pixels has patches of 14 and leaves out the last 6 pixels of each row and column. */
const pictureEdge = (side: number, patch: number): number =>
  side === 27 && patch === 14 ? 384 : side * patch

/** IMAGE [B,H,W,3] → [B,3,size,size], normalised. Without crop the picture is squeezed. */
export function visionPixels(
  image: Tensor,
  size: number,
  crop: 'center' | 'none',
  kind: VisionConfig['kind'] = 'clip',
): Tensor {
  const { mean, deviation } = colours[kind]
  const squared = square(image, size, crop)
  const [count] = squared.shape as [number]
  const out = tensor([count, 3, size, size])
  const area = size * size
  for (let i = 0; i < count; i++) out.data.set(toPlanes(squared, i).data, i * 3 * area)
  for (let i = 0; i < out.data.length; i++) {
    const channel = Math.floor(i / area) % 3
    const byte = roundHalfEven(Math.min(255, Math.max(0, Math.fround(255 * out.data[i]!))))
    out.data[i] = (byte / 255 - mean[channel]!) / deviation[channel]!
  }
  return out
}

function square(image: Tensor, size: number, crop: 'center' | 'none'): Tensor {
  const [, height, width] = image.shape as [number, number, number]
  if (height === size && width === size) return image
  if (crop === 'none') return resizeAntialiased(image, size, size)
  const scale = size / Math.min(height, width)
  const [toHeight, toWidth] = [roundHalfEven(scale * height), roundHalfEven(scale * width)]
  const resized = resizeAntialiased(image, toWidth, toHeight)
  const [top, left] = [Math.floor((toHeight - size) / 2), Math.floor((toWidth - size) / 2)]
  return cropImage(resized, left, top, size, size)
}

/**
 * Input `pixels` [B,3,size,size]; outputs the tokens after the last and the last but one layer,
 * `last` and `penultimate` [B,T,width]. CLIP has a token more for the whole picture and `embeds`
 * [B,projected], and its tokens are without a norm; SigLIP's last ones are with it.
 */
export function buildVision(weights: Weights, config: VisionConfig): OnnxGraph {
  const { kind, width, layers: count, patch, size } = config
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const pixels = graph.input('pixels', DataType.float, ['B', 3, size, size])
  const embedded = embed(layers, pixels, patch, width)
  let h = kind === 'clip' ? layers.layerNorm(embedded, `${prefix}pre_layrnorm`) : embedded
  let penultimate = h
  for (let n = 0; n < count; n++) {
    penultimate = h
    h = encoderLayer(layers, h, `${prefix}encoder.layers.${n}`, config)
  }
  const tokens = Math.floor(size / patch) ** 2 + (kind === 'clip' ? 1 : 0)
  const norm = (x: Value) => layers.layerNorm(x, `${prefix}post_layernorm`, epsilons[kind])
  if (kind === 'clip') {
    const pooled = norm(graph.op('Gather', [h, graph.int(0)], { axis: 1 }))
    graph.output('embeds', projected(layers, pooled), ['B', 'projected'])
  }
  graph.output('last', kind === 'clip' ? h : norm(h), ['B', tokens, width])
  graph.output('penultimate', penultimate, ['B', tokens, width])
  return graph
}

const projections = ['visual_projection.weight', 'visual_projection'] as const

/** OpenCLIP stores its projection the other way round. */
const projected = (layers: Layers, pooled: Value): Value =>
  layers.has(projections[0])
    ? layers.linear(pooled, 'visual_projection')
    : layers.graph.op('MatMul', [pooled, layers.weight(projections[1])])

const epsilons = { clip: 1e-5, siglip: 1e-6 }

/** A token for the whole picture where there is one, then one for each patch. */
function embed(layers: Layers, pixels: Value, patch: number, width: number): Value {
  const { graph } = layers
  const at = `${prefix}embeddings`
  const shape = { stride: patch, pads: [0, 0, 0, 0] } as const
  const patches = layers.rows(layers.conv(pixels, `${at}.patch_embedding`, shape))
  const places = layers.weight(`${at}.position_embedding.weight`)
  if (!layers.has(`${at}.class_embedding`)) return layers.add(patches, places)
  const whole = layers.weight(`${at}.class_embedding`, [1, 1, width])
  const batch = graph.op('Shape', [pixels], { start: 0, end: 1 })
  const dims = graph.op('Concat', [batch, graph.ints([1, width])], { axis: 0 })
  const tokens = graph.op('Concat', [graph.op('Expand', [whole, dims]), patches], { axis: 1 })
  return layers.add(tokens, places)
}

function encoderLayer(layers: Layers, x: Value, key: string, { kind, width }: VisionConfig): Value {
  const y = layers.layerNorm(x, `${key}.layer_norm1`, epsilons[kind])
  const [q, k, v] = ['q', 'k', 'v'].map(name => layers.linear(y, `${key}.self_attn.${name}_proj`))
  const mixed = layers.attention([q!, k!, v!], { heads, width })
  const h = layers.add(x, layers.linear(mixed, `${key}.self_attn.out_proj`))
  const normed = layers.layerNorm(h, `${key}.layer_norm2`, epsilons[kind])
  const wide = layers.linear(normed, `${key}.mlp.fc1`)
  return layers.add(h, layers.linear(activated(layers, wide, { kind, width }), `${key}.mlp.fc2`))
}

function activated(
  layers: Layers,
  x: Value,
  { kind, width }: Pick<VisionConfig, 'kind' | 'width'>,
): Value {
  if (kind === 'siglip') return layers.graph.op('Gelu', [x], { approximate: 'tanh' })
  return width === widthOfQuickGelu ? layers.quickGelu(x) : layers.gelu(x)
}
