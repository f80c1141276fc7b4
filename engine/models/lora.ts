// LoRA as a branch beside a layer, y + strength·(alpha/rank)·up(down(x)), computed at run time: the
// strength is an input of the graph, so changing it costs nothing. https://arxiv.org/abs/2106.09685
import { basename } from 'node:path'
import type { Branch, ConvShape, Layers } from '../inference/layers.ts'
import type { Value } from '../inference/onnx-graph.ts'
import { readFloats, type Weight, type Weights } from '../inference/weights.ts'
import { ModelError } from '../nodes/models.ts'
import { layerAliases } from './lora-keys.ts'

interface Change {
  down: Weight
  up: Weight
  /** Between the two, for convolutions in Tucker form. */
  mid?: Weight
  /** alpha / rank */
  scale: number
}

const downEnds = [
  ['.lora_down.weight', '.lora_up.weight'],
  ['.lora_A.weight', '.lora_B.weight'],
  ['.lora_linear_layer.down.weight', '.lora_linear_layer.up.weight'],
  ['_lora.down.weight', '_lora.up.weight'],
] as const

const otherKinds: readonly [RegExp, string][] = [
  [/\.hada_w1_a$/, 'LoHa'],
  [/\.lokr_w1/, 'LoKr'],
  [/\.dora_scale$/, 'DoRA'],
  [/\.oft_(blocks|diag)$/, 'OFT'],
  [/\.(a1|b1)\.weight$/, 'GLoRA'],
  [/\.(diff|w_norm)$/, 'full difference'],
]

/**
 * The changes that a LoRA makes to the layers of a checkpoint, by layer key.
 * @throws ModelError if it is of another kind, or was made for another family of models.
 */
export function loraChanges(lora: Weights, checkpoint: Weights): Map<string, Change> {
  const name = basename(lora.file)
  for (const [pattern, kind] of otherKinds)
    if ([...lora.tensors.keys()].some(key => pattern.test(key)))
      throw new ModelError(
        `${name} is a ${kind} adapter; only LoRA and LoCon are supported yet. Use a LoRA version of ` +
          'it, or remove the node.',
      )
  const aliases = layerAliases(checkpoint)
  const changes = new Map<string, Change>()
  for (const [key, down] of lora.tensors) {
    const ends = downEnds.find(([end]) => key.endsWith(end))
    if (!ends) continue
    const base = key.slice(0, -ends[0].length)
    const up = lora.tensors.get(base + ends[1])
    const target = aliases.get(layerName(base))
    if (!up || !target) continue
    const alpha = lora.tensors.get(`${base}.alpha`)
    const rank = down.shape[0]!
    const scale = alpha ? readFloats(alpha)[0]! / rank : 1
    changes.set(target, { down, up, mid: lora.tensors.get(`${base}.lora_mid.weight`), scale })
  }
  if (changes.size === 0)
    throw new ModelError(
      `${name} changes no layer of ${basename(checkpoint.file)}: it was made for another family ` +
        'of models. Choose a LoRA for this checkpoint, or the checkpoint it was made for.',
    )
  return changes
}

/** `…attn1.processor.to_q_lora` of old diffusers files is the layer `…attn1.to_q`. */
const layerName = (base: string): string =>
  base.replace('.processor.', '.').replace(/\.to_out$/, '.to_out.0')

export class LoraBranch implements Branch {
  /** Name of the graph's input for the strength. */
  readonly input: string
  private readonly changes: ReadonlyMap<string, Change>

  constructor(input: string, changes: ReadonlyMap<string, Change>) {
    this.input = input
    this.changes = changes
  }

  linear(layers: Layers, key: string, x: Value, y: Value): Value {
    const change = this.changes.get(key)
    if (!change) return y
    const [rank, inputs] = change.down.shape as [number, number]
    const outputs = change.up.shape[0]!
    const low = layers.product(x, layers.widen(change.down, [rank, inputs]), [rank, inputs])
    const scaled = layers.graph.op('Mul', [low, this.strength(layers, change)])
    const high = layers.widen(change.up, [outputs, rank])
    return layers.add(y, layers.product(scaled, high, [outputs, rank]))
  }

  conv(layers: Layers, key: string, x: Value, y: Value, shape: ConvShape): Value {
    const change = this.changes.get(key)
    if (!change) return y
    const { down, mid, up } = change
    const convolve = (from: Value, by: Weight, as: ConvShape = {}) =>
      layers.convolve([from, layers.widen(by)], by.shape, as)
    // The stride belongs to the layer that has the kernel.
    const low = mid ? convolve(convolve(x, down), mid, shape) : convolve(x, down, shape)
    const scaled = layers.graph.op('Mul', [low, this.strength(layers, change)])
    return layers.add(y, convolve(scaled, up))
  }

  private strength({ graph }: Layers, { scale }: Change): Value {
    return scale === 1 ? this.input : graph.op('Mul', [this.input, graph.scalar(scale)])
  }
}
