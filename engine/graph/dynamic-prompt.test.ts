import { expect, test } from 'vitest'
import { toPrompt } from './comfy-prompt.ts'
import { emptyDocument } from './document.ts'
import { drawPrompt } from './dynamic-prompt.ts'
import { addNode, rootCanvas } from './edit.ts'
import { catalogueOf, fixturesFolder } from './fixtures/samples.ts'

test.each([
  ['a cat', 0, 'a cat'],
  ['a {red|green|blue} ball', 0, 'a red ball'],
  ['a {red|green|blue} ball', 0.5, 'a green ball'],
  ['a {red|green|blue} ball', 0.999, 'a blue ball'],
  ['{a|b {c|d}} {e|f}', 0.9, 'b d f'],
  ['{alone}', 0, 'alone'],
  ['{|maybe}', 0, ''],
  ['\\{a\\|b\\} \\(x:1.2\\)', 0, '{a|b} \\(x:1.2\\)'],
  ['a | b } c', 0, 'a | b } c'],
  ['{a|b', 0, '{a|b'],
  ['day // or night\nsea /* and\nland */ sky', 0, 'day \nsea  sky'],
])('%s at %s: %s', (text, random, expected) => {
  expect(drawPrompt(text, () => random)).toBe(expected)
})

test('prompts are drawn where the widget allows it, the document keeps the choices', () => {
  const catalogue = catalogueOf(fixturesFolder)
  const add = (type: string, values: Record<string, string>) =>
    addNode(emptyDocument(), rootCanvas, { type, x: 0, y: 0, values }, catalogue).document
  const text = '{day|night}'
  const draw = (document: ReturnType<typeof add>) =>
    toPrompt(document, catalogue, () => 0.9).prompt['1']!.inputs
  const encode = add('CLIPTextEncode', { text })
  expect(draw(encode).text).toBe('night')
  expect(encode.nodes['1']!.values.text).toBe(text)
  expect(draw(add('SaveImage', { filename_prefix: text })).filename_prefix).toBe(text)
})
