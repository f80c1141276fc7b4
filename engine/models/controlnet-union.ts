// What a union of ControlNets has beside one: it is told which kind of picture it sees, and shifts
// what it sees by that and by the picture as a whole. https://github.com/xinsir6/ControlNetPlus (Apache-2.0)
import type { Layers } from '../inference/layers.ts'
import { DataType, type Value } from '../inference/onnx-graph.ts'
import type { Ids } from '../inference/session.ts'
import { type Tensor, tensor } from '../tensor.ts'

const waveWidth = 256

/** Kinds of pictures, in the order in which they were trained. */
export const unionTypes = [
  'openpose',
  'depth',
  'hed/pidi/scribble/ted',
  'canny/lineart/anime_lineart/mlsd',
  'normal',
  'segment',
  'tile',
  'repaint',
] as const

/** Which kinds it is told of, as what joins the time embedding: input `kinds` [K], zeros and ones. */
export function kindEmbedding(layers: Layers, kinds: number): Value {
  const { graph } = layers
  const told = graph.input('kinds', DataType.float, [kinds])
  const half = waveWidth / 2
  const rates = Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(1e4) * i) / half))
  const columns = graph.op('Unsqueeze', [told, graph.ints([1])])
  const angles = graph.op('Mul', [columns, graph.floats('kind rates', [1, half], rates)])
  const waves = [graph.op('Cos', [angles]), graph.op('Sin', [angles])]
  const row = graph.op('Reshape', [
    graph.op('Concat', waves, { axis: 1 }),
    graph.ints([1, kinds * waveWidth]),
  ])
  const wide = layers.silu(layers.linear(row, 'control_add_embedding.linear_1'))
  return layers.linear(wide, 'control_add_embedding.linear_2')
}

/** The hint [B,C,h,w] of the kind `kind` (an input, [1]), shifted by its channels' means. */
export function shiftedHint(layers: Layers, hint: Value): Value {
  const { graph } = layers
  const kind = graph.input('kind', DataType.int64, [1])
  const mean = graph.op('ReduceMean', [hint, graph.ints([2, 3])], { keepdims: 0 })
  let token = layers.add(mean, graph.op('Gather', [layers.weight('task_embedding'), kind]))
  for (let n = 0; layers.has(`transformer_layes.${n}.ln_1.weight`); n++)
    token = block(layers, token, `transformer_layes.${n}`)
  const shift = layers.linear(token, 'spatial_ch_projs')
  return layers.add(hint, graph.op('Unsqueeze', [shift, graph.ints([2, 3])]))
}

/**
 * [B,C]. Attention was trained across a batch rather than its tokens, so that a picture only ever
 * attends to itself, which leaves its value.
 */
function block(layers: Layers, x: Value, key: string): Value {
  const { graph } = layers
  const whole = layers.linear(layers.layerNorm(x, `${key}.ln_1`), `${key}.attn.in_proj`)
  const [, , value] = graph.ops('Split', [whole], { axis: -1, num_outputs: 3 }, 3)
  const h = layers.add(x, layers.linear(value!, `${key}.attn.out_proj`))
  const wide = layers.linear(layers.layerNorm(h, `${key}.ln_2`), `${key}.mlp.c_fc`)
  return layers.add(h, layers.linear(layers.quickGelu(wide), `${key}.mlp.c_proj`))
}

/** The inputs of both. Without a kind it is told nothing, and the hint stays as it is. */
export function unionFeeds(kinds: number, kind: number | undefined): Record<string, Tensor | Ids> {
  const told = new Float32Array(kinds)
  if (kind === undefined) return { kinds: tensor([kinds], told) }
  told[kind] = 1
  return {
    kinds: tensor([kinds], told),
    kind: { shape: [1], data: BigInt64Array.of(BigInt(kind)) },
  }
}
