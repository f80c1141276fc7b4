// Style models: pictures as tokens of a prompt. Flux Redux, by Black Forest Labs as in diffusers'
// ReduxImageEncoder, and TencentARC's style adapter for SD 1.x (both Apache-2.0).
import { basename } from 'node:path'
import { Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import { type Weight, type Weights, weight } from '../inference/weights.ts'
import type { Tensor } from '../tensor.ts'
import type { StyleModel, VisionOutput } from './kinds.ts'
import { identity, weightBytes } from './recipe.ts'

const adapterHeads = 8

/** @throws ModelError if the file is no style model. */
export function openStyleModel(file: Weights, pool: SessionPool): StyleModel {
  if (file.tensors.has('redux_down.weight')) {
    const width = weight(file, 'redux_up.weight').shape[1]!
    return new SessionStyle(file, pool, { width, build: buildRedux })
  }
  if (file.tensors.has('style_embedding')) {
    const width = weight(file, 'style_embedding').shape[2]!
    return new SessionStyle(withTorchAttention(file), pool, { width, build: buildAdapter })
  }
  throw new ModelError(
    `${basename(file.file)} is no style model. Choose Flux Redux or a style T2I-Adapter, in the ` +
      'style_models folder.',
  )
}

interface Kind {
  /** Of the tokens it takes. */
  width: number
  build(weights: Weights): OnnxGraph
}

class SessionStyle implements StyleModel {
  private readonly file: Weights
  private readonly pool: SessionPool
  private readonly kind: Kind

  constructor(file: Weights, pool: SessionPool, kind: Kind) {
    this.file = file
    this.pool = pool
    this.kind = kind
  }

  async tokens({ last }: VisionOutput): Promise<Tensor> {
    const { width, build } = this.kind
    if (last.shape[2] !== width)
      throw new ModelError(
        `${basename(this.file.file)} takes what another vision model sees: tokens of width ${width}, ` +
          `these have ${last.shape[2]}. Flux Redux needs SigLIP, the style adapter CLIP-ViT-L.`,
      )
    const recipe: SessionRecipe = {
      key: `style ${identity(this.file)}`,
      file: this.file.file,
      costBytes: weightBytes(this.file, ''),
      build: () => build(this.file),
    }
    return (await this.pool.run(recipe, { seen: last })).out!
  }
}

/** torch's attention has its three projections as one, named unlike other layers. */
function withTorchAttention(weights: Weights): Weights {
  const tensors = new Map<string, Weight>()
  for (const [name, tensor] of weights.tensors)
    tensors.set(name.replace(/in_proj_(weight|bias)$/, 'in_proj.$1'), tensor)
  return { ...weights, tensors }
}

/** Input seen [B,n,1152], output `out` [B,n,4096]. */
function buildRedux(weights: Weights): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const [, width] = layers.shape('redux_up.weight') as [number, number]
  const [outputs] = layers.shape('redux_down.weight')
  const seen = graph.input('seen', DataType.float, ['B', 'N', width])
  const wide = layers.silu(layers.linear(seen, 'redux_up'))
  graph.output('out', layers.linear(wide, 'redux_down'), ['B', 'N', outputs!])
  return graph
}

/** Input seen [B,n,1024], output `out` [B,8,768]: what tokens of its own find in those of the picture. */
function buildAdapter(weights: Weights): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const [, own, width] = layers.shape('style_embedding') as [number, number, number]
  const seen = graph.input('seen', DataType.float, ['B', 'N', width])
  const batch = graph.op('Shape', [seen], { start: 0, end: 1 })
  const dims = graph.op('Concat', [batch, graph.ints([own, width])], { axis: 0 })
  const style = graph.op('Expand', [layers.weight('style_embedding'), dims])
  let x = layers.layerNorm(graph.op('Concat', [seen, style], { axis: 1 }), 'ln_pre')
  for (let n = 0; layers.has(`transformer_layes.${n}.ln_1.weight`); n++)
    x = adapterLayer(layers, x, `transformer_layes.${n}`, width)
  const last = graph.op('Slice', [
    x,
    graph.ints([-own]),
    graph.ints([Number.MAX_SAFE_INTEGER]),
    graph.ints([1]),
  ])
  const out = graph.op('MatMul', [layers.layerNorm(last, 'ln_post'), layers.weight('proj')])
  graph.output('out', out, ['B', own, layers.shape('proj')[1]!])
  return graph
}

function adapterLayer(layers: Layers, x: Value, key: string, width: number): Value {
  const whole = layers.linear(layers.layerNorm(x, `${key}.ln_1`), `${key}.attn.in_proj`)
  const [q, k, v] = layers.graph.ops('Split', [whole], { axis: -1, num_outputs: 3 }, 3)
  const mixed = layers.attention([q!, k!, v!], { heads: adapterHeads, width })
  const h = layers.add(x, layers.linear(mixed, `${key}.attn.out_proj`))
  const wide = layers.linear(layers.layerNorm(h, `${key}.ln_2`), `${key}.mlp.c_fc`)
  return layers.add(h, layers.linear(layers.quickGelu(wide), `${key}.mlp.c_proj`))
}
