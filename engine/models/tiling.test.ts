import { expect, test } from 'vitest'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { runTiled, type Tiling, tilePositions } from './tiling.ts'

const tiling: Tiling = { tile: 8, overlap: 2, scale: 1, outChannels: 2 }
const picture = (shape: number[]): Tensor =>
  tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => (i * 7919) % 101),
  )

test.each([
  [5, [0]],
  [8, [0]],
  [9, [0, 6]],
  [14, [0, 6]],
  [15, [0, 6, 12]],
])('an edge of %i pixels is cut at %j', (length, positions) => {
  expect(tilePositions(length, tiling)).toEqual(positions)
})

test.each([
  [[1, 2, 5, 7], 1],
  [[1, 2, 20, 9], 6],
  [[1, 2, 8, 23], 4],
])('tiles of a network that changes nothing give the picture back: %j', async (shape, tiles) => {
  const x = picture(shape)
  let done = 0
  const out = await runTiled(
    x,
    tiling,
    async tile => tile,
    () => done++,
  )
  expect(out.shape).toEqual(x.shape)
  for (const [i, v] of x.data.entries()) expect(out.data[i]).toBeCloseTo(v, 3)
  expect(done).toBe(tiles)
})

test('an encoder of half the size: tiles meet without a seam', async () => {
  const halve = async (tile: Tensor) => {
    const [, channels, height, width] = tile.shape as [number, number, number, number]
    const out = tensor([1, channels, height / 2, width / 2])
    for (let i = 0; i < out.data.length; i++) {
      const column = i % (width / 2)
      const row = Math.floor(i / (width / 2))
      out.data[i] = tile.data[row * 2 * width + column * 2]!
    }
    return out
  }
  const x = picture([1, 2, 20, 20])
  const whole = await halve(x)
  const out = await runTiled(x, { ...tiling, scale: 0.5 }, halve, () => undefined)
  for (const [i, v] of whole.data.entries()) expect(out.data[i]).toBeCloseTo(v, 3)
})
