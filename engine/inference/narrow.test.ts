import { expect, test } from 'vitest'
import { float8ToFloat } from './float8.ts'
import { bfloat16ToFloat, floatToHalf, halfToFloat } from './half.ts'
import { narrowed } from './narrow.ts'

/** The nearest of `numbers` by looking at all of them; of two the one with an even code. */
function nearest(value: number, numbers: Float32Array): number {
  const sizes = [...numbers.keys()].filter(code => Number.isFinite(numbers[code]))
  return sizes.reduce((best, code) => {
    const [own, known] = [code, best].map(c => Math.abs(numbers[c]! - value)) as [number, number]
    return own < known || (own === known && code % 2 === 0 && best % 2 === 1) ? code : best
  })
}

/** Over many orders of size, ties among them. */
const samples = (): number[] =>
  Array.from({ length: 4000 }, (_, i) => {
    const size = 2 ** ((i % 40) - 20) * (1 + ((i * 37) % 64) / 64)
    return i % 2 ? size : -size
  })

test.each(['e4m3fn', 'e5m2'] as const)('%s: the nearest of its numbers, ties to even', format => {
  const type = format === 'e4m3fn' ? 'F8_E4M3' : 'F8_E5M2'
  const numbers = float8ToFloat(
    Uint8Array.from({ length: 128 }, (_, i) => i),
    format,
  )
  const values = Float32Array.from(samples())
  const codes = narrowed(values, type)
  for (const [i, value] of values.entries())
    expect(codes[i]).toBe(nearest(Math.abs(value), numbers) | (value < 0 ? 128 : 0))
  // What is too large is the largest there is; what is no number stays none.
  const [huge, endless, none, zero] = narrowed(
    Float32Array.of(1e6, Number.NEGATIVE_INFINITY, Number.NaN, -0),
    type,
  )
  const most = format === 'e4m3fn' ? 448 : 57344
  expect(numbers[huge!]).toBe(most)
  expect(numbers[endless! & 127]).toBe(most)
  expect(float8ToFloat(Uint8Array.of(none!), format)[0]).toBeNaN()
  expect(zero).toBe(128)
})

test('fp16: as one number at a time, at every exponent and where ranges end', () => {
  const ends = [65504, 65519.99, 65520, 1e9, 2 ** -14, 2 ** -14 - 2 ** -26, 2 ** -25, 0, -0]
  const values = Float32Array.from([...samples(), ...ends, Number.NaN, Number.POSITIVE_INFINITY])
  const halves = new Uint16Array(narrowed(values, 'F16').buffer)
  expect([...halves]).toEqual([...values].map(floatToHalf))
  expect(halfToFloat(halves.slice(-2))).toEqual(
    Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY),
  )
})

test('bf16: the nearest, ties to even', () => {
  const one = 1 + 2 ** -7
  const tie = 2 ** -8
  const values = Float32Array.of(1, 1 + tie, one + tie, 1 + tie * 1.01, -1 - tie * 0.99, Number.NaN)
  const back = bfloat16ToFloat(new Uint16Array(narrowed(values, 'BF16').buffer))
  expect(back).toEqual(Float32Array.of(1, 1, 1 + 2 ** -6, one, -1, Number.NaN))
})

test('a part of a larger array is read where it lies; other types are refused', () => {
  const part = Float32Array.of(9, 1, -2).subarray(1)
  for (const type of ['F16', 'BF16', 'F32', 'F64'] as const)
    expect(narrowed(part, type).length).toBe(2 * { F16: 2, BF16: 2, F32: 4, F64: 8 }[type])
  expect(halfToFloat(new Uint16Array(narrowed(part, 'F16').buffer))).toEqual(Float32Array.of(1, -2))
  expect(() => narrowed(part, 'I8')).toThrow(/cannot be stored as I8/)
})
