// What a network is made of: a file's weights and what is laid on them. Sessions are told apart, built
// and fed by it, and merging and saving read the numbers from it.
import type { Branch } from '../inference/layers.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { factorFeeds, factorKeys, type PlacedFactors, withFactors } from './attention-factors.ts'
import type { Adapter } from './kinds.ts'
import { adapterChanges, LoraBranch } from './lora.ts'
import type { ModelPart } from './model-changes.ts'
import { identity } from './recipe.ts'

export interface NetworkBase {
  readonly weights: Weights
  /** Tells sessions apart. */
  readonly key: string
  /** What is laid on the weights, for a graph of its own. */
  branches(): readonly Branch[]
  /** What that graph is fed for the branches. */
  readonly strengths: Readonly<Record<string, Tensor>>
}

export interface LaidOn {
  adapters: readonly Adapter[]
  /** Opens an adapter's file. */
  openWeights: (file: string) => Weights
  /** Which of an adapter's changes count. */
  part: ModelPart
  factors?: readonly PlacedFactors[]
  /** As `Branch.rounds`. */
  rounds?: boolean
}

/** @throws ModelError if an adapter's file cannot be read; its branches if it does not fit */
export function networkBase(
  weights: Weights,
  { adapters, openWeights, part, factors = [], rounds = false }: LaidOn,
): NetworkBase {
  const files = adapters.map(({ file }) => openWeights(file))
  return {
    weights,
    key: [...[weights, ...files].map(identity), ...factorKeys(factors)].join(' | '),
    branches() {
      const loras = adapters.map((adapter, i) => {
        const changes = adapterChanges(adapter, files[i]!, weights, part)
        return new LoraBranch(inputName(i), changes, { rounds })
      })
      return withFactors(loras, factors, rounds)
    },
    strengths: { ...adapterFeeds(adapters), ...factorFeeds(factors) },
  }
}

const adapterFeeds = (adapters: readonly Adapter[]): Record<string, Tensor> =>
  Object.fromEntries(
    adapters.map(({ strength }, i) => [inputName(i), tensor([], Float32Array.of(strength))]),
  )

const inputName = (i: number): string => `lora${i}`
