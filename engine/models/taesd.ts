// TAESD, the tiny autoencoder: previews and quick looks at a hundredth of the cost.
// https://github.com/madebyollin/taesd (MIT). Layers are numbered in the files.
import { basename } from 'node:path'
import { Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { checkLayout, type Layout } from './layout.ts'
import { taesdDecoderLayout, taesdEncoderLayout } from './layouts-pictures.ts'
import { identity, weightBytes } from './recipe.ts'
import type { TaesdLatent } from './taesd-names.ts'
import { ConvolutionalVae } from './vae.ts'

const downscale = 8

export class TaesdVae extends ConvolutionalVae {
  constructor(
    { encoder, decoder }: { encoder: Weights; decoder: Weights },
    latent: TaesdLatent,
    pool: SessionPool,
  ) {
    const [baseChannels, latentChannels] = firstLayer(decoder)
    const recipe = (
      weights: Weights,
      build: typeof buildTaesdDecoder,
      layout: Layout,
    ): SessionRecipe => ({
      key: `taesd ${latent.scale} ${identity(weights)}`,
      file: weights.file,
      costBytes: weightBytes(weights, ''),
      build: () => {
        checkLayout(weights, '', layout)
        return build(weights, latent)
      },
    })
    const halves = {
      decoder: recipe(decoder, buildTaesdDecoder, taesdDecoderLayout),
      encoder: recipe(encoder, buildTaesdEncoder, taesdEncoderLayout),
    }
    super({ downscale, latentChannels, baseChannels, ...halves }, pool)
  }
}

function firstLayer(decoder: Weights): [number, number] {
  const { shape } = weight(decoder, '1.weight')
  if (shape.length === 4) return [shape[0]!, shape[1]!]
  throw new ModelError(
    `${basename(decoder.file)} is no decoder of TAESD. Download it again, or choose another VAE.`,
  )
}

/** Input `latent` [B,4 or 16,h,w]; output `image` [B,3,H,W] in -1..1. */
function buildTaesdDecoder(weights: Weights, { scale, shift }: TaesdLatent): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const [, channels] = firstLayer(weights)
  const latent = graph.input('latent', DataType.float, ['B', channels, 'h', 'w'])
  const stored = affine(graph, latent, scale, -shift * scale)
  // Latents far out are bent back before the first layer.
  const bent = graph.op('Tanh', [graph.op('Mul', [stored, graph.scalar(1 / 3)])])
  let x = graph.op('Relu', [layers.conv(graph.op('Mul', [bent, graph.scalar(3)]), '1')])
  const last = 19
  for (let n = 3; n < last; n++)
    if (layers.has(`${n}.conv.0.weight`)) x = block(layers, x, n)
    else if (layers.has(`${n}.weight`)) x = layers.conv(layers.upsample(x), `${n}`)
  graph.output('image', affine(graph, layers.conv(x, `${last}`), 2, -1), ['B', 3, 'H', 'W'])
  return graph
}

/** Input `image` [B,3,H,W] in -1..1; output `latent` [B,4 or 16,h,w]. */
function buildTaesdEncoder(weights: Weights, { scale, shift }: TaesdLatent): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const image = graph.input('image', DataType.float, ['B', 3, 'H', 'W'])
  let x = layers.conv(affine(graph, image, 0.5, 0.5), '0')
  const last = 14
  for (let n = 1; n < last; n++)
    if (layers.has(`${n}.conv.0.weight`)) x = block(layers, x, n)
    else x = layers.conv(x, `${n}`, { stride: 2 })
  const stored = layers.conv(x, `${last}`)
  const channels = weight(weights, `${last}.weight`).shape[0]!
  graph.output('latent', affine(graph, stored, 1 / scale, shift), ['B', channels, 'h', 'w'])
  return graph
}

function block(layers: Layers, x: Value, n: number): Value {
  const relu = (value: Value) => layers.graph.op('Relu', [value])
  const first = relu(layers.conv(x, `${n}.conv.0`))
  const second = relu(layers.conv(first, `${n}.conv.2`))
  const skip = layers.has(`${n}.skip.weight`) ? layers.conv(x, `${n}.skip`) : x
  return relu(layers.add(layers.conv(second, `${n}.conv.4`), skip))
}

const affine = (graph: OnnxGraph, x: Value, gain: number, offset: number): Value =>
  graph.op('Add', [graph.op('Mul', [x, graph.scalar(gain)]), graph.scalar(offset)])
