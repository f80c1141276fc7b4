import { expect, test } from 'vitest'
import { parseStolen } from '../bench/stolen-time.ts'

test('stolen time is the eighth number of all processors, in hundredths of a second', () => {
  const stat = 'cpu  10 20 30 40 50 60 70 880 90 100\ncpu0 1 2 3 4 5 6 7 8 9 10\n'
  expect(parseStolen(stat)).toBe(8.8)
})

test('a system that does not count it', () => {
  expect(parseStolen('cpu  10 20 30 40\n')).toBeUndefined()
})
