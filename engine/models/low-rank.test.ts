import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Tensor, tensor } from '../tensor.ts'
import { rnd } from './fixtures/goldens.ts'
import { LowRank } from './low-rank.ts'

let lowRank: LowRank
beforeAll(async () => {
  lowRank = await LowRank.open()
})
afterAll(() => lowRank.release())

function times(a: Tensor, b: Tensor): Tensor {
  const [rows, inner] = a.shape as [number, number]
  const columns = b.shape[1]!
  const out = tensor([rows, columns])
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < inner; i++)
      for (let c = 0; c < columns; c++)
        out.data[r * columns + c]! += a.data[r * inner + i]! * b.data[i * columns + c]!
  return out
}

/** Length of the difference, as a share of what was wanted. */
function missed(got: Tensor, want: Tensor): number {
  const size = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))
  return size(want.data.map((v, i) => v - got.data[i]!)) / size(want.data)
}

test.each([
  [90, 40, 3],
  [40, 90, 5],
  [12, 10, 10],
])('a product of %i × %i and rank %i is found again', async (rows, columns, rank) => {
  const w = times(rnd('a', [rows, rank]), rnd('b', [rank, columns]))
  const { up, down } = await lowRank.factors(w, rank)
  expect([up.shape, down.shape]).toEqual([
    [rows, rank],
    [rank, columns],
  ])
  expect(missed(times(up, down), w)).toBeLessThan(1e-5)
})

test('of more rank the strongest part is kept: as good as any of its rank can be', async () => {
  // Columns at right angles with lengths 1, 1/2, 1/4 …: the best misses exactly what follows.
  const n = 32
  const rows = Array.from({ length: n }, (_, k) =>
    Float32Array.from({ length: n }, (_, i) => Math.cos((Math.PI / n) * (i + 0.5) * k)),
  )
  const w = tensor([n, n])
  for (const [k, row] of rows.entries()) {
    const length = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0))
    for (let i = 0; i < n; i++) w.data[((k * 7) % n) * n + i] = (row[i]! / length) * 2 ** -k
  }
  const { up, down } = await lowRank.factors(w, 4)
  expect(missed(times(up, down), w)).toBeCloseTo(2 ** -4, 4)
  // Rows of `down` are at right angles and of length 1; strength is with `up`.
  const gram = times(
    down,
    tensor(
      [n, 4],
      Float32Array.from({ length: n * 4 }, (_, i) => down.data[(i % 4) * n + Math.floor(i / 4)]!),
    ),
  )
  for (const [i, value] of gram.data.entries()) expect(value).toBeCloseTo(i % 5 === 0 ? 1 : 0, 4)
})

test('nothing stays nothing; more rank than there is is less', async () => {
  const none = await lowRank.factors(tensor([6, 4]), 2)
  expect([...none.up.data, ...none.down.data].every(value => value === 0)).toBe(true)
  const all = await lowRank.factors(rnd('w', [6, 4]), 100)
  expect([all.up.shape, all.down.shape]).toEqual([
    [6, 4],
    [4, 4],
  ])
})
