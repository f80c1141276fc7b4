import { expect, test } from 'vitest'
import { clamp, type NumberWidget, readTyped, shareOf, showNumber, stepBy } from './numbers.ts'

const seed: NumberWidget = {
  kind: 'int',
  default: 0,
  min: 0,
  max: 0xffff_ffff_ffff_ffffn,
  step: 1,
  seed: true,
}
const cfg: NumberWidget = { kind: 'float', default: 8, min: 0, max: 100, step: 0.1, round: 0.01 }
const width: NumberWidget = { kind: 'int', default: 512, min: 16, max: 16384, step: 8 }

test('a seed near 2^64 is read to the last digit', () => {
  expect(readTyped(seed, '18446744073709551615')).toBe(18446744073709551615n)
  expect(readTyped(seed, '18446744073709551616')).toBe(18446744073709551615n)
  expect(showNumber(seed, 18446744073709551615n)).toBe('18446744073709551615')
})

test('small integers stay numbers', () => {
  expect(readTyped(seed, '42')).toBe(42)
  expect(stepBy(seed, 9007199254740991, 1)).toBe(9007199254740992n)
})

test('typing is forgiving and stays within bounds', () => {
  expect(readTyped(cfg, '7,5')).toBe(7.5)
  expect(readTyped(cfg, '1 000')).toBe(100)
  expect(readTyped(width, '500.4')).toBe(500)
  expect(readTyped(width, 'wide')).toBeUndefined()
  expect(readTyped(width, '')).toBeUndefined()
})

test('steps leave no binary dust', () => {
  expect(stepBy(cfg, 0.2, 1)).toBe(0.3)
  expect(stepBy(width, 512, -1)).toBe(504)
  expect(clamp(width, 3)).toBe(16)
})

test('a value reads with its decimals', () => {
  expect(showNumber(cfg, 8)).toBe('8.0')
  expect(showNumber(cfg, 7.125)).toBe('7.125')
})

test('the fill shows only for narrow ranges', () => {
  expect(shareOf({ kind: 'float', default: 1, min: 0, max: 1, step: 0.01 }, 0.25)).toBe(0.25)
  expect(shareOf(width, 512)).toBeUndefined()
})
