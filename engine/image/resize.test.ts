import { describe, expect, test } from 'vitest'
import { tensor } from '../tensor.ts'
import { cropImage, resizeCovering, resizeImage, resizeMethods, resizePlanes } from './resize.ts'

const noise = (shape: number[]) => {
  const out = tensor(shape)
  for (let i = 0; i < out.data.length; i++) out.data[i] = ((i * 2654435761) % 1000) / 1000
  return out
}

describe('resizing', () => {
  test.for(resizeMethods)('%s keeps a flat picture flat, up and down', method => {
    const flat = tensor([1, 7, 9, 3], new Float32Array(189).fill(102 / 255))
    for (const [w, h] of [
      [20, 3],
      [4, 31],
      [1, 1],
      [9, 7],
    ] as const) {
      const out = resizeImage(flat, w, h, method)
      expect(out.shape).toEqual([1, h, w, 3])
      for (const value of out.data) expect(value).toBeCloseTo(102 / 255, 6)
    }
  })

  test.for(resizeMethods)('%s treats the pictures of a batch alone', method => {
    const batch = noise([2, 6, 5, 4])
    const alone = tensor([1, 6, 5, 4], batch.data.subarray(120))
    const both = resizeImage(batch, 8, 4, method).data
    expect(both.subarray(both.length / 2)).toEqual(resizeImage(alone, 8, 4, method).data)
  })

  test('planes and channels are the same numbers in another order', () => {
    const image = noise([1, 6, 5, 2])
    const planes = tensor([1, 2, 6, 5])
    for (let p = 0; p < 30; p++)
      for (let c = 0; c < 2; c++) planes.data[c * 30 + p] = image.data[p * 2 + c]!
    const [a, b] = [resizeImage(image, 7, 9, 'bicubic'), resizePlanes(planes, 7, 9, 'bicubic')]
    expect(b.shape).toEqual([1, 2, 9, 7])
    for (let p = 0; p < 63; p++)
      for (let c = 0; c < 2; c++) expect(b.data[c * 63 + p]).toBe(a.data[p * 2 + c])
  })

  test('covering cuts the longer side equally', () => {
    const strip = tensor([1, 1, 6, 1], Float32Array.of(0, 1, 2, 3, 4, 5))
    expect([...resizeCovering(strip, 2, 1, 'nearest-exact').data]).toEqual([2, 3])
  })

  test('a crop over the edge is clipped', () => {
    const image = noise([2, 4, 5, 3])
    expect(cropImage(image, 3, 2, 100, 100).shape).toEqual([2, 2, 2, 3])
  })

  test('what would not fit in memory is refused in words', () => {
    const image = noise([1, 2, 2, 3])
    for (const method of resizeMethods)
      expect(() => resizeImage(image, 100_000, 100_000, method)).toThrow(/would take 120\.0 GB/)
  })
})
