import { expect, test } from 'vitest'
import { type KeyPress, keysMatch, keyWords } from './keys.ts'

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
})

test('shortcuts read as each system writes them', () => {
  expect(keyWords('mod+shift+z', false)).toBe('Ctrl+Shift+Z')
  expect(keyWords('mod+shift+z', true)).toBe('⌘⇧Z')
  expect(keyWords('delete', false)).toBe('Del')
})

test('modifiers must agree', () => {
  expect(keysMatch('mod+z', press('z', { ctrlKey: true }), false)).toBe(true)
  expect(keysMatch('mod+z', press('Z', { ctrlKey: true, shiftKey: true }), false)).toBe(false)
  expect(keysMatch('mod+z', press('z', { metaKey: true }), false)).toBe(false)
  expect(keysMatch('mod+z', press('z', { metaKey: true }), true)).toBe(true)
  expect(keysMatch('q', press('q', { ctrlKey: true }), false)).toBe(false)
})

test('a symbol may need shift on some keyboards', () => {
  expect(keysMatch('.', press('.'), false)).toBe(true)
  expect(keysMatch('?', press('?', { shiftKey: true }), false)).toBe(true)
})

test('a letter is known by its place when the layout has no Latin letters', () => {
  expect(keysMatch('mod+z', press('я', { code: 'KeyZ', ctrlKey: true }), false)).toBe(true)
  expect(keysMatch('mod+z', press('y', { code: 'KeyZ', ctrlKey: true }), false)).toBe(false)
})
