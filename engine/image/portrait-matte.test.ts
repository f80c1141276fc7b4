import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunContext } from '../nodes/define.ts'
import { portraitMatte } from '../nodes/mask/portrait-matte.ts'
import { decodeFile } from './decode.ts'
import { boxMean, guidedCoefficients } from './guided-filter.ts'

const resources = join(import.meta.dirname, '../../resources')

describe('the portrait matte', () => {
  test('finds the person in the example photo', async () => {
    const { image } = await decodeFile(join(resources, 'workflows/input/astronaut.jpg'))
    const context = {
      signal: new AbortController().signal,
      progress: () => {},
      models: { path: (folder: string, name: string) => join(resources, 'models', folder, name) },
    } as unknown as RunContext
    const inputs = { image, threshold: 0.5, softness: 0.6 }
    const { MASK, IMAGE } = await portraitMatte.run(inputs, context)
    expect(MASK.shape).toEqual([1, 512, 512])
    expect(IMAGE.shape).toEqual([1, 512, 512, 4])
    const at = (x: number, y: number) => MASK.data[y * 512 + x]!
    for (const [x, y] of [
      [220, 120],
      [200, 300],
      [230, 60],
    ] as const)
      expect(at(x, y)).toBeGreaterThan(0.98)
    for (const [x, y] of [
      [40, 40],
      [400, 100],
      [480, 250],
    ] as const)
      expect(at(x, y)).toBeLessThan(0.02)
    const share = MASK.data.reduce((a, b) => a + b, 0) / MASK.data.length
    expect(share).toBeGreaterThan(0.4)
    expect(share).toBeLessThan(0.6)
    expect(IMAGE.data[3]).toBe(MASK.data[0])
  })
})

describe('the guided filter', () => {
  test('box means are those of the clipped square', () => {
    const size = { width: 7, height: 5 }
    const plane = Float32Array.from({ length: 35 }, (_, i) => (i * 13) % 11)
    const means = boxMean(plane, size, 2)
    for (let y = 0; y < 5; y++)
      for (let x = 0; x < 7; x++) {
        const square = [...plane].filter(
          (_, i) => Math.abs((i % 7) - x) <= 2 && Math.abs(Math.floor(i / 7) - y) <= 2,
        )
        const mean = square.reduce((a, b) => a + b, 0) / square.length
        expect(means[y * 7 + x]).toBeCloseTo(mean, 5)
      }
  })

  test('moves the edge of a coarse mask to the edge of the picture', () => {
    const size = { width: 40, height: 20 }
    const column = (i: number) => i % 40
    const guide = Float32Array.from({ length: 800 }, (_, i) => Number(column(i) >= 20))
    const ramp = guide.map((_, i) => Math.min(1, Math.max(0, (column(i) - 12) / 16)))
    const { gain, offset } = guidedCoefficients(ramp, guide, size, 6, 1e-4)
    const sharp = guide.map((value, i) => gain[i]! * value + offset[i]!)
    const jump = (mask: Float32Array) => mask[10 * 40 + 20]! - mask[10 * 40 + 19]!
    expect(jump(ramp)).toBeLessThan(0.1)
    expect(jump(sharp)).toBeGreaterThan(0.4)
  })
})
