import { expect, test } from 'vitest'
import { typingKey } from './typing.ts'

/** Types a text letter by letter; answers the text at the end of each undo step. */
function stepsOf(field: string, text: string, msOf: (index: number) => number): string[] {
  const ends = new Map<string, string>()
  for (let index = 0; index < text.length; index++) {
    const after = text.slice(0, index + 1)
    ends.set(typingKey(field, text.slice(0, index), after, msOf(index)), after)
  }
  return [...ends.values()]
}

test('a short burst of typing is one step', () => {
  expect(stepsOf('a', 'a red apple', index => index * 80)).toEqual(['a red apple'])
})

test('a pause begins another step', () => {
  const pauseBefore = 'a red'.length
  const ms = (index: number) => 10_000 + index * 80 + (index >= pauseBefore ? 2000 : 0)
  expect(stepsOf('b', 'a red apple', ms)).toEqual(['a red', 'a red apple'])
})

test('long typing falls apart between words', () => {
  const text = 'a red apple on a wooden table in the morning light'
  expect(stepsOf('c', text, index => 50_000 + index * 80)).toEqual([
    'a red apple on a wooden ',
    text,
  ])
})

test('another field is another step', () => {
  const one = typingKey('d', '', 'x', 90_000)
  expect(typingKey('e', '', 'x', 90_010)).not.toBe(one)
})
