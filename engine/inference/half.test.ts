import { expect, test } from 'vitest'
import { bfloat16ToFloat, floatToHalf, halfToFloat } from './half.ts'

test('every half survives the way to float32 and back', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i)
  const floats = halfToFloat(all)
  for (const [half, value] of floats.entries())
    if (Number.isNaN(value)) expect(floatToHalf(value) & 0x7c00).toBe(0x7c00)
    else if (floatToHalf(value) !== half) expect(floatToHalf(value)).toBe(half)
})

test.each([
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65520, 0x7c00],
  [1 + 2 ** -11, 0x3c00], // a tie goes to even
  [1 + 3 * 2 ** -11, 0x3c02],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [2 ** -14, 0x0400],
  [Number.NEGATIVE_INFINITY, 0xfc00],
])('%f as a half', (value, half) => {
  expect(floatToHalf(value)).toBe(half)
})

test('bfloat16 is the upper half of a float32', () => {
  expect([...bfloat16ToFloat(Uint16Array.of(0x3f80, 0xc040, 0x7f80))]).toEqual([1, -3, Infinity])
})
