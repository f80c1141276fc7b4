// ControlNets that hold only how they differ from a UNet: Control-LoRAs
// (https://huggingface.co/stabilityai/control-lora), whose files hold a product of two narrow matrices
// for most layers, and differences of whole tensors. Either way the ControlNet is the UNet's first half
// with changes, read where both lie; nothing is written out.
import { basename } from 'node:path'
import type { Branch, ConvShape, Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import type { Value } from '../inference/onnx-graph.ts'
import type { Weight, Weights } from '../inference/weights.ts'
import { sizeOf, tensor } from '../tensor.ts'
import { LoraBranch } from './lora.ts'
import { type TensorChange, weightChange } from './lora-changes.ts'
import type { NetworkBase } from './network-base.ts'
import { diffusionPrefix } from './transformer.ts'

/** Marks files of differences. */
export const isDifference = ({ tensors }: Weights): boolean => tensors.has('difference')

export const isControlLora = ({ tensors }: Weights): boolean => tensors.has('lora_controlnet')

/** Name of the graph's input for the changes, which are always whole. */
const input = 'control_change'

/**
 * A ControlNet's weights under the UNet's names, and what makes them out of the UNet's.
 * @param file with or without `control_model.` before its names
 * @throws ModelError that names both files if they do not fit
 */
export function onBase(file: Weights, base: NetworkBase): NetworkBase {
  const tensors = new Map([...base.weights.tensors].filter(([name]) => inFirstHalf.test(name)))
  const changes = new Map<string, TensorChange>()
  const own = new Set<string>()
  const lora = isControlLora(file)
  for (const [key, weight] of file.tensors) {
    if (key === 'lora_controlnet' || key === 'difference' || (lora && key.endsWith('.down')))
      continue
    const name = diffusionPrefix + key.replace(/^control_model\./, '')
    if (lora && name.endsWith('.up')) {
      const target = `${name.slice(0, -'up'.length)}weight`
      changes.set(target, product(file, key, base.weights, target))
      continue
    }
    const under = base.weights.tensors.get(name)
    if (!lora && under?.shape.join() === weight.shape.join())
      changes.set(name, weightChange({ diff: weight }, weight.shape)!)
    else {
      tensors.set(name, weight)
      own.add(name)
    }
  }
  return {
    weights: { file: file.file, tensors, metadata: { ...base.weights.metadata, ...file.metadata } },
    key: base.key,
    branches: () => [
      ...base.branches().map(branch => new Except(branch, own)),
      new LoraBranch(input, changes),
    ],
    strengths: { ...base.strengths, [input]: tensor([], Float32Array.of(1)) },
  }
}

const inFirstHalf = new RegExp(`^${diffusionPrefix}(?!output_blocks\\.|out\\.)`)

/** `layer.up` · `layer.down`, added to the UNet's `layer.weight`. */
function product(file: Weights, key: string, base: Weights, target: string): TensorChange {
  const up = file.tensors.get(key)!
  const down = file.tensors.get(key.replace(/up$/, 'down'))
  const under = base.tensors.get(target)
  if (!down)
    throw new ModelError(
      `${basename(file.file)} has "${key}" without its other half, "${key.replace(/up$/, 'down')}". ` +
        'The file is incomplete; download it again.',
    )
  const rank = down.shape[0]!
  const [outputs = 0, ...rest] = under?.shape ?? []
  const fits = (of: Weight, shape: readonly number[]) => sizeOf(of.shape) === sizeOf(shape)
  if (
    !under ||
    up.shape[0] !== outputs ||
    !fits(up, [outputs, rank]) ||
    !fits(down, [rank, ...rest])
  )
    throw new ModelError(
      `The Control-LoRA ${basename(file.file)} does not fit ${basename(base.file)}: it changes ` +
        `"${target.slice(diffusionPrefix.length)}" of ` +
        `${up.shape[0]} × ${sizeOf(down.shape) / rank} values, which ` +
        `${under ? `is [${under.shape.join(', ')}] there` : 'the checkpoint has not'}. Choose a ` +
        'checkpoint of the family that it was made for, such as SDXL.',
    )
  const shaped = {
    down: { ...down, shape: [rank, ...rest] },
    up: { ...up, shape: [outputs, rank, ...rest.slice(1).map(() => 1)] },
  }
  return weightChange(shaped, under.shape)!
}

/** What is laid on the UNet, where the ControlNet has no tensor of its own instead. */
class Except implements Branch {
  readonly input: string
  readonly rounds: boolean | undefined
  private readonly branch: Branch
  private readonly own: ReadonlySet<string>

  constructor(branch: Branch, own: ReadonlySet<string>) {
    this.input = branch.input
    this.rounds = branch.rounds
    this.branch = branch
    this.own = own
  }

  linear(layers: Layers, key: string, x: Value, y: Value): Value {
    return this.own.has(`${key}.weight`) ? y : this.branch.linear(layers, key, x, y)
  }

  conv(layers: Layers, key: string, x: Value, y: Value, shape: ConvShape): Value {
    return this.own.has(`${key}.weight`) ? y : this.branch.conv(layers, key, x, y, shape)
  }

  folds(name: string): boolean {
    return !this.own.has(name) && (this.branch.folds?.(name) ?? false)
  }

  fold(layers: Layers, name: string, value: Value, shape: readonly number[]): Value {
    return this.own.has(name) ? value : (this.branch.fold?.(layers, name, value, shape) ?? value)
  }
}
