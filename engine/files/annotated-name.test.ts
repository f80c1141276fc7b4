import { expect, test } from 'vitest'
import { isFolderType, readAnnotated } from './annotated-name.ts'

test.each([
  ['a.png', 'a.png', 'input'],
  ['sub/a b.png [output]', 'sub/a b.png', 'output'],
  ['a.png[temp]', 'a.png', 'temp'],
  ['[output]', '', 'output'],
  ['a [output].png', 'a [output].png', 'input'],
  ['a.png [models]', 'a.png [models]', 'input'],
  ['two\nlines.png [input]', 'two\nlines.png', 'input'],
])('%j', (annotated, name, type) => {
  expect(readAnnotated(annotated, 'input')).toEqual({ name, type })
})

test('the folders that ComfyUI names', () => {
  expect(['input', 'output', 'temp', 'models', 'toString'].filter(isFolderType)).toEqual([
    'input',
    'output',
    'temp',
  ])
})
