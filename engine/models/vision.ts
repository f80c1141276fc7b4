// CLIP's vision transformer: what a picture shows, as a vector and as tokens.
// https://arxiv.org/abs/2103.00020, keys as in transformers' CLIPVisionModelWithProjection.
import { basename } from 'node:path'
import { resizeAntialiased } from '../image/antialias.ts'
import { cropImage, roundHalfEven } from '../image/resize.ts'
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { ModelError } from '../nodes/models.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { VisionModel, VisionOutput } from './kinds.ts'
import { toPlanes } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'

const prefix = 'vision_model.'
/** ViT-L, -H and -bigG have sixteen, whatever their width. */
const heads = 16
/** ViT-L's; the larger ones have exact GELU. */
const widthOfQuickGelu = 1024

const mean = [0.48145466, 0.4578275, 0.40821073]
const deviation = [0.26862954, 0.26130258, 0.27577711]

export interface VisionConfig {
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
      costBytes: weightBytes(weights, prefix),
      build: () => buildVision(weights, this.config),
    }
  }

  async encode(image: Tensor, crop: 'center' | 'none'): Promise<VisionOutput> {
    const pixels = visionPixels(image, this.config.size, crop)
    const { embeds, last, penultimate } = await this.pool.run(this.recipe, { pixels })
    return { embeds: embeds!, last: last!, penultimate: penultimate! }
  }
}

/** @throws ModelError unless the file is a CLIP vision model in transformers' layout. */
export function visionConfig(weights: Weights): VisionConfig {
  const has = (key: string) => weights.tensors.has(`${prefix}${key}`)
  if (!has('embeddings.class_embedding') || !weights.tensors.has('visual_projection.weight'))
    throw new ModelError(
      `${basename(weights.file)} is no CLIP vision model that is read here. Use a CLIP-ViT-L, -H or ` +
        '-bigG file made for ComfyUI, in the clip_vision folder.',
    )
  const [width, , patch] = weight(weights, `${prefix}embeddings.patch_embedding.weight`).shape
  const places = weight(weights, `${prefix}embeddings.position_embedding.weight`).shape[0]!
  let layers = 0
  while (has(`encoder.layers.${layers}.layer_norm1.weight`)) layers++
  return { width: width!, layers, patch: patch!, size: Math.sqrt(places - 1) * patch! }
}

/** IMAGE [B,H,W,3] → [B,3,size,size], normalised. Without crop the picture is squeezed. */
export function visionPixels(image: Tensor, size: number, crop: 'center' | 'none'): Tensor {
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
 * Input `pixels` [B,3,size,size]; outputs `embeds` [B,projected] and the tokens after the last and
 * the last but one layer, `last` and `penultimate` [B,1+patches,width], without a norm.
 */
export function buildVision(weights: Weights, config: VisionConfig): OnnxGraph {
  const { width, layers: count, patch, size } = config
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const pixels = graph.input('pixels', DataType.float, ['B', 3, size, size])
  let h = layers.layerNorm(embed(layers, pixels, patch, width), `${prefix}pre_layrnorm`)
  let penultimate = h
  for (let n = 0; n < count; n++) {
    penultimate = h
    h = encoderLayer(layers, h, `${prefix}encoder.layers.${n}`, width)
  }
  const first = graph.op('Gather', [h, graph.int(0)], { axis: 1 })
  const pooled = layers.layerNorm(first, `${prefix}post_layernorm`)
  const embeds = layers.linear(pooled, 'visual_projection')
  const tokens = (size / patch) ** 2 + 1
  graph.output('embeds', embeds, ['B', layers.shape('visual_projection.weight')[0]!])
  graph.output('last', h, ['B', tokens, width])
  graph.output('penultimate', penultimate, ['B', tokens, width])
  return graph
}

/** A token for the whole picture, then one for each patch. */
function embed(layers: Layers, pixels: Value, patch: number, width: number): Value {
  const { graph } = layers
  const at = `${prefix}embeddings`
  const shape = { stride: patch, pads: [0, 0, 0, 0] } as const
  const patches = layers.rows(layers.conv(pixels, `${at}.patch_embedding`, shape))
  const whole = layers.weight(`${at}.class_embedding`, [1, 1, width])
  const batch = graph.op('Shape', [pixels], { start: 0, end: 1 })
  const dims = graph.op('Concat', [batch, graph.ints([1, width])], { axis: 0 })
  const tokens = graph.op('Concat', [graph.op('Expand', [whole, dims]), patches], { axis: 1 })
  return layers.add(tokens, layers.weight(`${at}.position_embedding.weight`))
}

function encoderLayer(layers: Layers, x: Value, key: string, width: number): Value {
  const y = layers.layerNorm(x, `${key}.layer_norm1`)
  const [q, k, v] = ['q', 'k', 'v'].map(name => layers.linear(y, `${key}.self_attn.${name}_proj`))
  const mixed = layers.attention([q!, k!, v!], { heads, width })
  const h = layers.add(x, layers.linear(mixed, `${key}.self_attn.out_proj`))
  const wide = layers.linear(layers.layerNorm(h, `${key}.layer_norm2`), `${key}.mlp.fc1`)
  const bent = width === widthOfQuickGelu ? layers.quickGelu(wide) : layers.gelu(wide)
  return layers.add(h, layers.linear(bent, `${key}.mlp.fc2`))
}
