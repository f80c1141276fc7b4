// A change to some rows of a weight: where a LoRA knows three layers and the checkpoint has them as one.
import type { Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import type { Value } from '../inference/onnx-graph.ts'
import type { TensorChange } from './lora-changes.ts'
import type { Folding } from './lora-parts.ts'
import type { Rows } from './lora-transformer-names.ts'

export interface RowChange {
  rows: Rows
  change: TensorChange
}

/** Changes to rows of a weight [rows, …] as one change, after `whole` to all of it if there is one. */
export function joinRows(
  parts: readonly RowChange[],
  [total, ...rest]: readonly number[],
  whole?: TensorChange,
): TensorChange {
  const pieces = cut(parts, total!)
  const fold = (folding: Folding): Value => {
    const { layers } = folding
    const weight = whole ? whole.fold(folding) : folding.weight
    const split = splitBy(layers, weight, pieces, 0)
    const changed = pieces.map(({ rows, change }, i) =>
      change
        ? change.fold({ ...folding, weight: split[i]!, shape: [rows.count, ...rest] })
        : split[i]!,
    )
    return layers.graph.op('Concat', changed, { axis: 0 })
  }
  if (whole || parts.some(({ change }) => !change.branch)) return { fold }
  return { fold, pieces }
}

/** A change to a weight whose halves of rows are the other way round. */
export function swappedHalves(change: TensorChange): TensorChange {
  const swap = ({ graph }: Layers, weight: Value): Value => {
    const [first, second] = graph.ops('Split', [weight], { axis: 0, num_outputs: 2 }, 2)
    return graph.op('Concat', [second!, first!], { axis: 0 })
  }
  return {
    fold(folding) {
      const { layers, weight } = folding
      return swap(layers, change.fold({ ...folding, weight: swap(layers, weight) }))
    },
  }
}

/** One stretch of rows after the other, changed or not. */
export interface Piece {
  rows: Rows
  change?: TensorChange
}

function cut(parts: readonly RowChange[], total: number): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  const upTo = (end: number) => {
    if (end > at) pieces.push({ rows: { from: at, count: end - at } })
    at = end
  }
  for (const part of [...parts].sort((a, b) => a.rows.from - b.rows.from)) {
    if (part.rows.from < at)
      throw new ModelError('A LoRA names the same rows of a layer twice. Choose another file.')
    upTo(part.rows.from)
    pieces.push(part)
    at += part.rows.count
  }
  upTo(total)
  return pieces
}

/** x along an axis, a value for each piece. */
export function splitBy(
  { graph }: Layers,
  x: Value,
  pieces: readonly Piece[],
  axis: number,
): Value[] {
  if (pieces.length === 1) return [x]
  const sizes = graph.ints(pieces.map(({ rows }) => rows.count))
  return graph.ops('Split', [x, sizes], { axis }, pieces.length)
}
