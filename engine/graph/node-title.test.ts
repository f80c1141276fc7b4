import { expect, test } from 'vitest'
import { titleOf } from './node-title.ts'

test('a node is called by its title, else by its type', () => {
  const type = { title: 'Save Image' }
  expect(titleOf({ type: 'SaveImage', title: 'Mine' }, type)).toBe('Mine')
  expect(titleOf({ type: 'SaveImage', title: '' }, type)).toBe('Save Image')
  expect(titleOf({ type: 'SaveImage' }, { title: '' })).toBe('SaveImage')
  expect(titleOf({ type: 'Unknown' }, undefined)).toBe('Unknown')
})
