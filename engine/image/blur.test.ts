import { describe, expect, test } from 'vitest'
import { tensor } from '../tensor.ts'
import { gaussian, gaussianBlur, sharpen } from './blur.ts'

describe('blurring', () => {
  test('a point becomes the kernel, across and down', () => {
    for (const radius of [1, 2, 3, 8]) {
      const side = 4 * radius + 1
      const point = tensor([1, side, side, 1])
      point.data[2 * radius * side + 2 * radius] = 1
      const { data } = gaussianBlur(point, radius, 0.7)
      const kernel = gaussian(radius, 0.7)
      for (let y = 0; y < kernel.length; y++)
        for (let x = 0; x < kernel.length; x++)
          expect(data[(y + radius) * side + x + radius]).toBeCloseTo(kernel[y]! * kernel[x]!, 6)
    }
  })

  test('reflects as often as a picture smaller than the radius needs', () => {
    for (const [h, w] of [
      [1, 1],
      [2, 3],
      [1, 7],
    ] as const) {
      const image = tensor([1, h, w, 3], new Float32Array(h * w * 3).fill(0.25))
      for (const value of gaussianBlur(image, 31, 1).data) expect(value).toBeCloseTo(0.25, 5)
    }
  })

  test('sharpening leaves flat areas and stays within 0..1', () => {
    const edge = tensor(
      [1, 4, 8, 3],
      Float32Array.from({ length: 96 }, (_, i) => (i % 24 < 12 ? 0.2 : 0.8)),
    )
    const { data } = sharpen(edge, 1, 1, 1)
    expect(data[0]).toBeCloseTo(0.2, 5)
    expect(Math.min(...data)).toBe(0)
    expect(Math.max(...data)).toBe(1)
  })
})
