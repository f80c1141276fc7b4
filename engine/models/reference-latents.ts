// Pictures that an edit model sees beside the one it draws: their patches follow the picture's, told
// apart by the first axis of their places. https://arxiv.org/abs/2506.15742
import { type Tensor, tensor } from '../tensor.ts'
import type { ConditioningItem, NetworkInput } from './kinds.ts'
import { fromPatches, type PatchOrder, patchesIn, toPatches } from './patches.ts'
import { gridPositions, type Position } from './rope.ts'

const name = 'reference'
const methodName = 'referenceMethod'

/** How several references are told apart, the usual one first. */
export const referenceMethods = ['offset', 'index', 'uxo/uno', 'index_timestep_zero'] as const
export type ReferenceMethod = (typeof referenceMethods)[number]

/** A conditioning's reference latents as a network takes them, by name. */
export function referenceExtras(
  { referenceLatents = [], referenceMethod }: ConditioningItem,
  scale: (latent: Tensor) => Tensor,
): Record<string, Tensor> {
  const extras = Object.fromEntries(
    referenceLatents.map((latent, i) => [`${name}${i}`, scale(latent)] as const),
  )
  if (referenceMethod === undefined || referenceLatents.length === 0) return extras
  const number = Float32Array.of(referenceMethods.indexOf(referenceMethod))
  return { ...extras, [methodName]: tensor([1], number) }
}

export const methodOf = ({ extras = {} }: NetworkInput): ReferenceMethod =>
  referenceMethods[extras[methodName]?.data[0] ?? 0] ?? 'offset'

export function referencesOf({ extras = {} }: NetworkInput): Tensor[] {
  const found: Tensor[] = []
  for (let i = 0; extras[`${name}${i}`]; i++) found.push(extras[`${name}${i}`]!)
  return found
}

/** The picture's patches and those of its references, [B,T+…,C·4]. */
export function joinedPatches(x: Tensor, references: readonly Tensor[], order: PatchOrder): Tensor {
  const parts = [x, ...references].map(latent => toPatches(latent, order))
  if (parts.length === 1) return parts[0]!
  const [batch, , width] = parts[0]!.shape as [number, number, number]
  const tokens = parts.reduce((sum, { shape }) => sum + shape[1]!, 0)
  const out = tensor([batch, tokens, width])
  let at = 0
  for (let b = 0; b < batch; b++)
    for (const { data, shape } of parts) {
      const size = shape[1]! * width
      out.data.set(data.subarray(b * size, (b + 1) * size), at)
      at += size
    }
  return out
}

/** The first patches of each answer as a latent like `x`; what lies behind belongs to references. */
export function leadingLatent(out: Tensor, x: Tensor, order: PatchOrder): Tensor {
  const [batch, tokens, width] = out.shape as [number, number, number]
  const [rows, columns] = x.shape.slice(-2).map(patchesIn) as [number, number]
  const own = rows * columns
  if (own === tokens) return fromPatches(out, x.shape, order)
  const leading = tensor([batch, own, width])
  for (let b = 0; b < batch; b++) {
    const start = b * tokens * width
    leading.data.set(out.data.subarray(start, start + own * width), b * own * width)
  }
  return fromPatches(leading, x.shape, order)
}

/**
 * Places of references in Flux, as they were trained. `offset` (Kontext): all have the index 1, and each
 * goes below or beside those before it, whichever keeps the whole shorter. `index`: each has an index of
 * its own; with `index_timestep_zero` Qwen-Image-Edit is also told that no noise is on them. `uxo/uno` (https://arxiv.org/abs/2504.02160): each follows diagonally on the picture `x` and
 * those before it.
 */
export function referencePositions(
  references: readonly Tensor[],
  x: Tensor,
  method: ReferenceMethod,
): Position[] {
  if (method === 'offset') return kontextPositions(references)
  let [top, left] = x.shape.slice(-2).map(patchesIn) as [number, number]
  return references.flatMap(({ shape }, i) => {
    const [rows, columns] = shape.slice(-2).map(patchesIn) as [number, number]
    const [down, right] = [top, left]
    top += rows
    left += columns
    return gridPositions(rows, columns, (row, column) =>
      method === 'uxo/uno' ? [0, row + down, column + right] : [i + 1, row, column],
    )
  })
}

function kontextPositions(references: readonly Tensor[]): Position[] {
  let [height, width] = [0, 0]
  return references.flatMap(({ shape }) => {
    const [rows, columns] = shape.slice(-2) as [number, number]
    const beside = rows + height > columns + width
    const [top, left] = beside ? [0, width] : [height, 0]
    height = Math.max(height, rows + top)
    width = Math.max(width, columns + left)
    const [down, right] = [patchesIn(top), patchesIn(left)]
    return gridPositions(patchesIn(rows), patchesIn(columns), (row, column) => [
      1,
      row + down,
      column + right,
    ])
  })
}
