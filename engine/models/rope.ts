// Rotary positions over several axes: https://arxiv.org/abs/2104.09864, several axes as in
// https://arxiv.org/abs/2403.13298. Tables are made here in double precision, once a forward.
import { type Tensor, tensor } from '../tensor.ts'

/** One token's place on each axis. */
export type Position = readonly number[]

/** cos and sin, [tokens, sum of axes / 2]: each axis turns its own share of a head. */
export function ropeTables(
  positions: readonly Position[],
  axes: readonly number[],
  theta: number,
): { cos: Tensor; sin: Tensor } {
  const half = axes.reduce((sum, width) => sum + width / 2, 0)
  const [cos, sin] = [tensor([positions.length, half]), tensor([positions.length, half])]
  let at = 0
  for (const position of positions)
    for (const [axis, width] of axes.entries())
      for (let i = 0; i < width / 2; i++, at++) {
        const angle = position[axis]! / theta ** ((2 * i) / width)
        cos.data[at] = Math.cos(angle)
        sin.data[at] = Math.sin(angle)
      }
  return { cos, sin }
}

/** Places of a grid's cells, row by row. */
export function gridPositions(
  rows: number,
  columns: number,
  place: (row: number, column: number) => Position,
): Position[] {
  return Array.from({ length: rows * columns }, (_, i) =>
    place(Math.floor(i / columns), i % columns),
  )
}
