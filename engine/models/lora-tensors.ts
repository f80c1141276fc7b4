// A difference of models as a LoRA's tensors, under names that ComfyUI and we read.
import { isFloating, narrowed } from '../inference/narrow.ts'
import type { TensorToWrite } from '../inference/safetensors-writer.ts'
import { isBesideWeights } from '../inference/weight-scales.ts'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { LaidWeights } from './laid-weights.ts'
import type { Factors, LowRank } from './low-rank.ts'
import type { NetworkBase } from './network-base.ts'

export interface LoraForm {
  /** `full_diff` keeps all of the difference. */
  type: 'standard' | 'full_diff'
  rank: number
  /** Whether biases and norms, which have no rank, are kept too. */
  biases: boolean
}

/** A network, how its tensors' names begin, and how they begin in the LoRA. */
export interface LoraPart {
  base: NetworkBase
  prefix: string
  to: string
}

/** Of the part's weights, which are differences. Computed as they are written. */
export function loraTensors(
  { base, prefix, to }: LoraPart,
  { type, rank, biases }: LoraForm,
  lowRank: LowRank,
): TensorToWrite[] {
  const laid = new LaidWeights(base)
  return [...base.weights.tensors].flatMap(([name, { shape, type: stored }]) => {
    if (!name.startsWith(prefix) || !isFloating(stored) || isBesideWeights(name)) return []
    const [, layer, end] = /^(.*)\.(weight|bias)$/.exec(name.slice(prefix.length)) ?? []
    if (!layer || (shape.length < 2 && !biases)) return []
    const whole = (part: string): TensorToWrite[] => [
      half(`${to}${layer}.${part}`, shape, async () => tensor(shape, await laid.values(name))),
    ]
    if (end === 'bias') return whole('diff_b')
    if (shape.length < 2 || type === 'full_diff') return whole('diff')
    const [rows, inputs, ...kernel] = shape as [number, number, ...number[]]
    const columns = inputs * sizeOf(kernel)
    const kept = Math.min(rank, rows, columns)
    // One after the other in the file, so they are looked for once.
    let found: Promise<Factors> | undefined
    const factors = () =>
      (found ??= laid
        .values(name)
        .then(values => lowRank.factors(tensor([rows, columns], values), rank)))
    const last = async () => {
      const { up } = await factors()
      found = undefined
      return up
    }
    const ones = kernel.map(() => 1)
    return [
      half(`${to}${layer}.lora_down.weight`, [kept, inputs, ...kernel], async () =>
        factors().then(({ down }) => down),
      ),
      half(`${to}${layer}.lora_up.weight`, [rows, kept, ...ones], last),
    ]
  })
}

const half = (name: string, shape: readonly number[], make: () => Promise<Tensor>) => ({
  name,
  shape,
  type: 'F16' as const,
  bytes: async function* () {
    yield narrowed((await make()).data, 'F16')
  },
})
