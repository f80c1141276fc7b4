// Attention with its projections multiplied: queries, keys, values and what comes out, weights and
// biases alike. The factors are inputs of the graph, so other numbers need no other session.
import type { Branch, Layers } from '../inference/layers.ts'
import type { Value } from '../inference/onnx-graph.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { AttentionFactors } from './kinds.ts'

/** Factors, and how many LoRAs were on the model before: those are multiplied too, later ones not. */
export interface PlacedFactors extends AttentionFactors {
  after: number
}

const parts = ['q', 'k', 'v', 'out'] as const
type Part = (typeof parts)[number]

/** What the four are called in each kind of layer. */
const projections: Record<AttentionFactors['layers'], Record<Part, string>> = {
  attn1: { q: 'to_q', k: 'to_k', v: 'to_v', out: 'to_out.0' },
  attn2: { q: 'to_q', k: 'to_k', v: 'to_v', out: 'to_out.0' },
  self_attn: { q: 'q_proj', k: 'k_proj', v: 'v_proj', out: 'out_proj' },
}

/** Multiplies the tensors of one projection wherever it occurs. */
class FactorBranch implements Branch {
  readonly input: string
  readonly rounds: boolean
  private readonly ends: readonly string[]

  constructor(input: string, layer: string, rounds: boolean) {
    this.input = input
    this.rounds = rounds
    this.ends = ['weight', 'bias'].map(tensor => `.${layer}.${tensor}`)
  }

  linear(_layers: Layers, _key: string, _x: Value, y: Value): Value {
    return y
  }

  conv(_layers: Layers, _key: string, _x: Value, y: Value): Value {
    return y
  }

  folds(name: string): boolean {
    return this.ends.some(end => name.endsWith(end))
  }

  fold({ graph }: Layers, name: string, value: Value): Value {
    return this.folds(name) ? graph.op('Mul', [value, this.input]) : value
  }
}

/** LoRAs and factors in the order in which they were laid on. `rounds` as `Branch.rounds`. */
export function withFactors(
  loras: readonly Branch[],
  factors: readonly PlacedFactors[],
  rounds = false,
): Branch[] {
  const branchesOf = (placed: PlacedFactors): Branch[] =>
    parts.map(part => {
      const layer = `${placed.layers}.${projections[placed.layers][part]}`
      return new FactorBranch(inputName(factors.indexOf(placed), part), layer, rounds)
    })
  return Array.from({ length: loras.length + 1 }, (_, place) => [
    ...factors.filter(({ after }) => after === place).flatMap(branchesOf),
    ...loras.slice(place, place + 1),
  ]).flat()
}

/** What a graph is fed for its factors. */
export const factorFeeds = (factors: readonly AttentionFactors[]): Record<string, Tensor> =>
  Object.fromEntries(
    factors.flatMap((own, i) =>
      parts.map(part => [inputName(i, part), tensor([], Float32Array.of(own[part]))]),
    ),
  )

/** Equal keys build equal graphs; empty without factors. */
export const factorKeys = (factors: readonly PlacedFactors[]): string[] =>
  factors.map(({ layers, after }) => `${layers} times after ${after}`)

const inputName = (i: number, part: Part): string => `factor${i}.${part}`
