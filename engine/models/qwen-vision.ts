// How Qwen2.5-VL sees pictures: patches of 14 × 14 pixels through blocks that attend within windows,
// every eighth to all, four patches becoming one word. https://arxiv.org/abs/2502.13923, keys as in
// transformers' Qwen2_5_VLModel.
import { resizeImage, roundHalfEven } from '../image/resize.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { Ids } from '../inference/session.ts'
import type { SessionRecipe } from '../inference/session-pool.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { checkLayout, type Layout, linear, scale } from './layout.ts'
import { toPlanes } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'
import { ropeTables } from './rope.ts'
import { type Rotation, TransformerLayers } from './transformer-layers.ts'

const at = 'visual.'
const patchSide = 14
/** Patches along an edge that become one word, and words along an edge of a window. */
const merged = 2
const windowSide = 4
const headWidth = 80
const theta = 10_000
const windowPatches = (windowSide * merged) ** 2
/** As CLIP's pictures. */
const mean = [0.48145466, 0.4578275, 0.40821073]
const deviation = [0.26862954, 0.26130258, 0.27577711]

export interface QwenVisionConfig {
  width: number
  layers: number
  /** One block in so many attends to the whole picture. */
  fullEvery: number
}

const layout: Layout = {
  parts: [
    {
      at: '',
      tensors: {
        'patch_embed.proj.weight': ['C', 3, 2, patchSide, patchSide],
        ...scale('merger.ln_q', 'C'),
        ...linear('merger.mlp.0', '4C', '4C'),
        ...linear('merger.mlp.2', '4C', 'W'),
      },
    },
    {
      at: 'blocks.#',
      tensors: {
        ...scale('norm1', 'C'),
        ...linear('attn.qkv', 'C', '3C'),
        ...linear('attn.proj', 'C', 'C'),
        ...scale('norm2', 'C'),
        ...linear('mlp.gate_proj', 'C', 'M'),
        ...linear('mlp.up_proj', 'C', 'M'),
        ...linear('mlp.down_proj', 'M', 'C'),
      },
    },
  ],
  counted: ['blocks.#'],
}

export function qwenVisionConfig(weights: Weights): QwenVisionConfig {
  let layers = 0
  while (weights.tensors.has(`${at}blocks.${layers}.norm1.weight`)) layers++
  const width = weight(weights, `${at}patch_embed.proj.weight`).shape[0]!
  return { width, layers, fullEvery: 8 }
}

export function qwenVisionRecipe(weights: Weights, config: QwenVisionConfig): SessionRecipe {
  return {
    key: `qwen vision ${config.fullEvery} ${identity(weights)}`,
    file: weights.file,
    costBytes: weightBytes(weights, at),
    build: () => {
      checkLayout(weights, at, layout)
      return build(weights, config)
    },
  }
}

/** Words along the edges of a picture that was fitted to whole words. */
export interface WordGrid {
  rows: number
  columns: number
}

/** The graph's inputs for one picture [1,H,W,C], resized to a whole number of words. */
export function qwenVisionFeeds(picture: Tensor): {
  grid: WordGrid
  feeds: Record<string, Tensor | Ids>
} {
  const word = patchSide * merged
  const [, height, width] = picture.shape as [number, number, number]
  const fitted = (side: number) => Math.max(merged, roundHalfEven(side / word)) * word
  const planes = toPlanes(resizeImage(picture, fitted(width), fitted(height), 'bilinear'), 0)
  const grid = { rows: fitted(height) / word, columns: fitted(width) / word }
  const places = placesOf(grid)
  const windows = windowsOf(grid)
  return {
    grid,
    feeds: {
      patches: patchesOf(planes, places),
      ...ropeTables(places, [headWidth / 2, headWidth / 2], theta),
      ...windows,
    },
  }
}

/** Row and column of each patch: those of one word follow one another. */
function placesOf({ rows, columns }: WordGrid): [number, number][] {
  const places: [number, number][] = []
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let y = 0; y < merged; y++)
        for (let x = 0; x < merged; x++) places.push([row * merged + y, column * merged + x])
  return places
}

/** [patches,3·2·14·14]: a picture counts as a film of two equal frames. */
function patchesOf({ shape, data }: Tensor, places: readonly [number, number][]): Tensor {
  const [, channels, height, width] = shape as [number, number, number, number]
  const out = tensor([places.length, channels * 2 * patchSide ** 2])
  let to = 0
  for (const [row, column] of places)
    for (let c = 0; c < channels; c++)
      for (let frame = 0; frame < 2; frame++)
        for (let y = 0; y < patchSide; y++)
          for (let x = 0; x < patchSide; x++) {
            const from = (c * height + row * patchSide + y) * width + column * patchSide + x
            out.data[to++] = (data[from]! - mean[c]!) / deviation[c]!
          }
  return out
}

/**
 * `window` [windows·64]: the patches of each window, filled up with the first one; `back` [patches]:
 * where each patch went; `bias` [windows,1,64,64] keeps what was filled up out of sight.
 */
function windowsOf({ rows, columns }: WordGrid): Record<string, Tensor | Ids> {
  const patches = merged ** 2
  const back = new BigInt64Array(rows * columns * patches)
  const window: bigint[] = []
  const used: number[] = []
  for (let top = 0; top < rows; top += windowSide)
    for (let left = 0; left < columns; left += windowSide) {
      const start = window.length
      for (let row = top; row < Math.min(rows, top + windowSide); row++)
        for (let column = left; column < Math.min(columns, left + windowSide); column++)
          for (let i = 0; i < patches; i++) {
            const patch = (row * columns + column) * patches + i
            back[patch] = BigInt(window.length)
            window.push(BigInt(patch))
          }
      used.push(window.length - start)
      while (window.length < start + windowPatches) window.push(0n)
    }
  const bias = tensor([used.length, 1, windowPatches, windowPatches])
  for (let i = 0; i < bias.data.length; i++)
    if (i % windowPatches >= used[Math.floor(i / windowPatches ** 2)]!) bias.data[i] = -1e9
  return {
    window: { shape: [window.length], data: BigInt64Array.from(window) },
    back: { shape: [back.length], data: back },
    bias,
  }
}

/** Inputs of `qwenVisionFeeds`; output `words` [1,words,W]. */
function build(weights: Weights, config: QwenVisionConfig): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new TransformerLayers(graph, weights)
  const net = new QwenVision(layers, config)
  const inputs = 3 * 2 * patchSide ** 2
  const patches = graph.input('patches', DataType.float, ['N', inputs])
  const kernel = layers.weight(`${at}patch_embed.proj.weight`, [config.width, inputs])
  const rows = layers.product(patches, kernel, [config.width, inputs])
  let h = graph.op('Unsqueeze', [rows, graph.ints([0])])
  for (let n = 0; n < config.layers; n++) h = net.block(h, n)
  graph.output('words', net.merge(h), [1, 'W', 'O'])
  return graph
}

class QwenVision {
  private readonly layers: TransformerLayers
  private readonly config: QwenVisionConfig
  private readonly rotation: Rotation
  private readonly window: Value
  private readonly back: Value
  private readonly bias: Value

  constructor(layers: TransformerLayers, config: QwenVisionConfig) {
    const { graph } = layers
    this.layers = layers
    this.config = config
    this.rotation = {
      cos: graph.input('cos', DataType.float, ['N', headWidth / 2]),
      sin: graph.input('sin', DataType.float, ['N', headWidth / 2]),
      interleaved: false,
    }
    this.window = graph.input('window', DataType.int64, ['M'])
    this.back = graph.input('back', DataType.int64, ['N'])
    const dims = ['windows', 1, windowPatches, windowPatches]
    this.bias = graph.input('bias', DataType.float, dims)
  }

  block(x: Value, index: number): Value {
    const { layers } = this
    const key = `${at}blocks.${index}`
    const full = (index + 1) % this.config.fullEvery === 0
    const h = layers.add(x, this.attention(layers.rmsNorm(x, `${key}.norm1.weight`), key, full))
    const y = layers.rmsNorm(h, `${key}.norm2.weight`)
    // https://arxiv.org/abs/2002.05202
    const gate = layers.silu(layers.linear(y, `${key}.mlp.gate_proj`))
    const wide = layers.graph.op('Mul', [gate, layers.linear(y, `${key}.mlp.up_proj`)])
    return layers.add(h, layers.linear(wide, `${key}.mlp.down_proj`))
  }

  private attention(x: Value, key: string, full: boolean): Value {
    const { layers, rotation } = this
    const { graph } = layers
    const { width } = this.config
    const [q, k, v] = layers.split(layers.linear(x, `${key}.attn.qkv`), [width, width, width])
    const parts = [layers.rotate(q!, rotation), layers.rotate(k!, rotation), v!] as const
    const heads = { heads: width / headWidth, width: headWidth }
    if (full) return layers.linear(layers.attend(parts, heads), `${key}.attn.proj`)
    const apart = parts.map(part => {
      const gathered = graph.op('Gather', [part, this.window], { axis: 1 })
      return graph.op('Reshape', [gathered, graph.ints([-1, windowPatches, width])])
    }) as [Value, Value, Value]
    const found = layers.attend(apart, { ...heads, bias: this.bias })
    const joined = graph.op('Reshape', [found, graph.ints([1, -1, width])])
    const inOrder = graph.op('Gather', [joined, this.back], { axis: 1 })
    return layers.linear(inOrder, `${key}.attn.proj`)
  }

  /** Four patches to a word as wide as the language model's. */
  merge(h: Value): Value {
    const { layers } = this
    const normed = layers.rmsNorm(h, `${at}merger.ln_q.weight`)
    const four = [1, -1, this.config.width * merged ** 2]
    const words = layers.graph.op('Reshape', [normed, layers.graph.ints(four)])
    return layers.linear(
      layers.gelu(layers.linear(words, `${at}merger.mlp.0`)),
      `${at}merger.mlp.2`,
    )
  }
}
