// LoRA as a branch beside a layer, y + strength·(alpha/rank)·up(down(x)), computed at run time. Its
// relatives that are no product of two narrow layers change the weight, within the graph too. Either
// way the strength is an input, so changing it costs nothing. https://arxiv.org/abs/2106.09685
import { basename } from 'node:path'
import type { Branch, ConvShape, Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import type { Value } from '../inference/onnx-graph.ts'
import type { Weight, Weights } from '../inference/weights.ts'
import type { Adapter } from './kinds.ts'
import { type LowRank, readChanges, type TensorChange, unusedLayersOf } from './lora-changes.ts'
import { layerAliases } from './lora-keys.ts'
import { splitBy } from './lora-rows.ts'
import { type ModelPart, modelChanges } from './model-changes.ts'
import { weightBytes } from './recipe.ts'

/** The changes that a LoRA makes to the tensors of a checkpoint, by tensor name. */
export function loraChanges(lora: Weights, checkpoint: Weights): Map<string, TensorChange> {
  return readChanges(lora, targetIn(checkpoint), checkpoint)
}

/** The same of any adapter, for the network or the text encoders of a file. */
export const adapterChanges = (
  { whole }: Adapter,
  file: Weights,
  checkpoint: Weights,
  part: ModelPart,
): Map<string, TensorChange> =>
  whole ? modelChanges(file, checkpoint, part) : loraChanges(file, checkpoint)

/** What models laid on whole take, as a session's own weights do: LoRAs are small. */
export const wholeBytes = (
  adapters: readonly Adapter[],
  openWeights: (file: string) => Weights,
  prefix: string,
): number =>
  adapters
    .filter(({ whole }) => whole)
    .reduce((sum, { file }) => sum + weightBytes(openWeights(file), prefix), 0)

function targetIn(checkpoint: Weights) {
  const aliases = layerAliases(checkpoint)
  return (layer: string) => aliases.get(layerName(layer))
}

/** @throws ModelError if an adapter cannot be laid on a network. */
export function checkAdapter(adapter: Adapter, file: Weights, checkpoint: Weights): void {
  if (adapter.whole) modelChanges(file, checkpoint, 'network')
  else checkLora(file, checkpoint)
}

/** @throws ModelError if a LoRA has nothing for this checkpoint: it was made for another family. */
function checkLora(lora: Weights, checkpoint: Weights): void {
  const forText = [...lora.tensors.keys()].some(key => /^(lora_te|text_encoder)/.test(key))
  if (forText || loraChanges(lora, checkpoint).size > 0) return
  throw new ModelError(
    `${basename(lora.file)} changes no layer of ${basename(checkpoint.file)}: it was made for ` +
      'another family of models, or is of a kind that is not known. Choose a LoRA for this ' +
      'checkpoint, or the checkpoint it was made for.',
  )
}

/** Layers of a LoRA's file that have no effect on a checkpoint, by their names in the file. */
export function unusedLayers(lora: Weights, checkpoint: Weights): string[] {
  return unusedLayersOf(lora, targetIn(checkpoint), checkpoint)
}

/** `…attn1.processor.to_q_lora` of old diffusers files is the layer `…attn1.to_q`. */
const layerName = (base: string): string =>
  base.replace('.processor.', '.').replace(/\.to_out$/, '.to_out.0')

export class LoraBranch implements Branch {
  /** Name of the graph's input for the strength. */
  readonly input: string
  readonly rounds: boolean
  private readonly changes: ReadonlyMap<string, TensorChange>

  /** `rounds`: ComfyUI keeps a changed text encoder in the file's precision, a UNet in float32. */
  constructor(
    input: string,
    changes: ReadonlyMap<string, TensorChange>,
    { rounds = false }: { rounds?: boolean } = {},
  ) {
    this.input = input
    this.changes = changes
    this.rounds = rounds
  }

  linear(layers: Layers, key: string, x: Value, y: Value): Value {
    const change = this.changes.get(`${key}.weight`)
    if (change?.branch) return this.beside(layers, change.branch, x, y)
    const { pieces } = change ?? {}
    if (!pieces) return y
    const parts = splitBy(layers, y, pieces, -1).map((part, i) => {
      const branch = pieces[i]!.change?.branch
      return branch ? this.beside(layers, branch, x, part) : part
    })
    return layers.graph.op('Concat', parts, { axis: -1 })
  }

  /** y + strength·scale·up(down(x)) */
  private beside(layers: Layers, change: LowRank, x: Value, y: Value): Value {
    const [rank, inputs] = change.down.shape as [number, number]
    const outputs = change.up.shape[0]!
    const low = layers.product(x, layers.widen(change.down, [rank, inputs]), [rank, inputs])
    const scaled = layers.graph.op('Mul', [low, this.strength(layers, change.scale)])
    const high = layers.widen(change.up, [outputs, rank])
    return layers.add(y, layers.product(scaled, high, [outputs, rank]))
  }

  conv(layers: Layers, key: string, x: Value, y: Value, shape: ConvShape): Value {
    const change = this.changes.get(`${key}.weight`)?.branch
    if (!change) return y
    const { down, mid, up, scale } = change
    const convolve = (from: Value, by: Weight, as: ConvShape = {}) =>
      layers.convolve([from, layers.widen(by)], by.shape, as)
    // The stride belongs to the layer that has the kernel.
    const low = mid ? convolve(convolve(x, down), mid, shape) : convolve(x, down, shape)
    const scaled = layers.graph.op('Mul', [low, this.strength(layers, scale)])
    return layers.add(y, convolve(scaled, up))
  }

  folds(name: string): boolean {
    const change = this.changes.get(name)
    return change !== undefined && (this.rounds || !(change.branch || change.pieces))
  }

  fold(layers: Layers, name: string, weight: Value, shape: readonly number[]): Value {
    const change = this.changes.get(name)
    return change ? change.fold({ layers, weight, shape, strength: this.input }) : weight
  }

  rows(layers: Layers, name: string, value: Value, read: (table: Weight) => Value): Value {
    const rows = this.changes.get(name)?.rows
    return rows ? rows({ layers, weight: value, strength: this.input }, read) : value
  }

  private strength({ graph }: Layers, scale: number): Value {
    return scale === 1 ? this.input : graph.op('Mul', [this.input, graph.scalar(scale)])
  }
}
