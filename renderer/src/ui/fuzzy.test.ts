import { expect, test } from 'vitest'
import { fuzzyFilter, fuzzyScore } from './fuzzy.ts'

const nodes = ['KSampler', 'KSamplerAdvanced', 'SaveImage', 'ImageScale', 'VAEDecode', 'LoadImage']
const find = (query: string) => fuzzyFilter(query, nodes, name => [name])

test('an exact name comes first', () => {
  expect(find('ksampler')[0]).toBe('KSampler')
})

test('initials find a camel-case name', () => {
  expect(find('vd')[0]).toBe('VAEDecode')
})

test('words may come in any order, and each must match', () => {
  expect(find('image load')[0]).toBe('LoadImage')
  expect(find('image zebra')).toEqual([])
})

test('an empty query keeps everything in its order', () => {
  expect(find('  ')).toEqual(nodes)
})

test('letters out of order do not match', () => {
  expect(fuzzyScore('rk', ['KSampler'])).toBeUndefined()
})

test('the title weighs more than a further text', () => {
  const inTitle = fuzzyScore('blur', ['Blur image', 'filters'])!
  const inAbout = fuzzyScore('blur', ['Sharpen image', 'undoes blur'])!
  expect(inTitle).toBeGreaterThan(inAbout)
})
