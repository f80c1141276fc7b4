import { expect, test } from 'vitest'
import { tensor } from '../tensor.ts'
import { checkRoom } from './room.ts'

test('what a machine can hold passes', () => {
  expect(checkRoom({ width: 512, height: 512, batch_size: 8 }, 8e9)).toBe(true)
  expect(checkRoom({}, 8e9)).toBe(true)
})

test('what it cannot is said in words', () => {
  expect(checkRoom({ width: 4096, height: 4096, batch_size: 4096 }, 24e9)).toBe(
    '4,096 pictures of 4096 × 4096 pixels would take 825 GB, and this machine has 24 GB of memory. ' +
      'Choose fewer or smaller ones.',
  )
  expect(checkRoom({ width: 16384, height: 16384 }, 2e9)).toMatch(
    /^A picture .* 3 GB.*a smaller size\.$/,
  )
})

test('a tensor larger than the memory is refused before it is filled', () => {
  expect(() => tensor([4096, 512, 4096, 4096])).toThrow(/Out of memory: .* takes 140737 GB/)
})
