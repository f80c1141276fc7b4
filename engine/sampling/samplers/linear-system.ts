/** Solves `matrix · x = right` by Gaussian elimination with pivoting; for the few orders of a solver. */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!])
  const size = rows.length
  for (let column = 0; column < size; column++) {
    let pivot = column
    for (let r = column + 1; r < size; r++)
      if (Math.abs(rows[r]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = r
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    for (let r = column + 1; r < size; r++) {
      const factor = rows[r]![column]! / rows[column]![column]!
      for (let c = column; c <= size; c++) rows[r]![c]! -= factor * rows[column]![c]!
    }
  }
  const x = new Array<number>(size).fill(0)
  for (let r = size - 1; r >= 0; r--) {
    const known = x.reduce((sum, value, c) => (c > r ? sum + rows[r]![c]! * value : sum), 0)
    x[r] = (rows[r]![size]! - known) / rows[r]![r]!
  }
  return x
}
