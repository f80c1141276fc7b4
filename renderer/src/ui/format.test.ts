import { expect, test } from 'vitest'
import { formatBytes, formatDuration, formatTime } from './format.ts'

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1500, '1.5 KB'],
  [3_100_000_000, '3.1 GB'],
  [36_400_000, '36 MB'],
])('%d bytes read as %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words))

test.each([
  [12, '12 ms'],
  [2100, '2.1 s'],
  [185_000, '3 min 5 s'],
])('%d ms read as %s', (ms, words) => expect(formatDuration(ms)).toBe(words))

test('recent times are relative', () => {
  expect(formatTime(1_000_000, 1_030_000)).toBe('just now')
  expect(formatTime(1_000_000, 1_300_000)).toBe('5 min ago')
})
