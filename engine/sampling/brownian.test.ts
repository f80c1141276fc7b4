import { describe, expect, test } from 'vitest'
import { BrownianPath, brownianNoise } from './brownian.ts'

const size = 4096
const path = () => new BrownianPath(size, 0.03, 14.6, 42n)
const variance = (values: Float32Array) => values.reduce((sum, v) => sum + v * v, 0) / values.length

describe('a Brownian path', () => {
  test('gives the same increment however it was asked before', () => {
    const asked = path()
    for (const [from, to] of [
      [7.3, 14.6],
      [1.1, 2.2],
      [0.03, 0.5],
    ] as const)
      asked.increment(from, to)
    expect(asked.increment(2.5, 7.25)).toEqual(path().increment(2.5, 7.25))
  })

  test('has increments that add up', () => {
    const whole = path().increment(1, 9)
    const parts = [path().increment(1, 3.3), path().increment(3.3, 9)]
    for (let i = 0; i < size; i++) expect(parts[0]![i]! + parts[1]![i]!).toBeCloseTo(whole[i]!, 4)
  })

  test('moves by the square root of the time', () => {
    for (const width of [0.01, 0.5, 5])
      expect(variance(path().increment(2, 2 + width)) / width).toBeCloseTo(1, 0)
  })

  test('keeps its bounds, and its place outside them', () => {
    expect(variance(path().increment(14.6, 20))).toBe(0)
  })

  test('depends on the seed', () => {
    const other = new BrownianPath(size, 0.03, 14.6, 43n)
    expect(other.increment(1, 2)).not.toEqual(path().increment(1, 2))
  })
})

test('step noise has unit variance and torchsde’s sign', () => {
  const draw = brownianNoise(size, Float32Array.of(14.6, 3, 0.03, 0), 42n)
  const noise = draw(14.6, 3)
  expect(variance(noise)).toBeCloseTo(1, 0)
  expect([...noise.slice(0, 4)]).toEqual([
    -0.9365226030349731, -0.08427371084690094, 0.40739870071411133, 0.7221472859382629,
  ])
})
