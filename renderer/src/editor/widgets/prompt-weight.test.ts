import { expect, test } from 'vitest'
import { changeWeight } from './prompt-weight.ts'

/** `‹` and `›` mark the selection, `|` the cursor. */
function marked(text: string) {
  const start = text.search(/[‹|]/)
  const plain = text.replace(/[‹|]/, '')
  const closing = plain.indexOf('›')
  return { text: plain.replace('›', ''), start, end: closing < 0 ? start : closing }
}
const show = (result: ReturnType<typeof changeWeight>) =>
  result &&
  `${result.text.slice(0, result.start)}‹${result.text.slice(result.start, result.end)}›${result.text.slice(result.end)}`

test.each([
  ['the word at the cursor', 'a red| fox', 1, 'a (‹red›:1.05) fox'],
  ['the other way', 'a red| fox', -1, 'a (‹red›:0.95) fox'],
  ['marked words, without the spaces around', 'a‹ red fox ›runs', 1, 'a (‹red fox›:1.05) runs'],
  ['a weight that is there', 'a (‹red›:1.2) fox', 1, 'a (‹red›:1.25) fox'],
  ['the cursor within brackets', 'a (red| fox:1.2)', 1, 'a (‹red fox›:1.25)'],
  ['the brackets marked as well', 'a ‹(red:1.2)› fox', -1, 'a (‹red›:1.15) fox'],
  ['back at 1 the brackets go', 'a (‹red›:1.05) fox', -1, 'a ‹red› fox'],
  ['a word between commas', 'cat,|dog', 1, 'cat,(‹dog›:1.05)'],
] as const)('%s', (_name, before, direction, after) => {
  expect(show(changeWeight(marked(before), direction))).toBe(after)
})

test('where there is no word nothing happens', () => {
  expect(changeWeight({ text: 'a  b', start: 2, end: 2 }, 1)).toBeUndefined()
  expect(changeWeight({ text: '', start: 0, end: 0 }, 1)).toBeUndefined()
})
