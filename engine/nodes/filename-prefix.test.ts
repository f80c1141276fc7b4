import { expect, test } from 'vitest'
import type { Prompt } from '../graph/prompt.ts'
import { expandNodeValues, expandPrefix } from './filename-prefix.ts'

const now = new Date(2026, 8, 3, 4, 5, 6)

test.for([
  ['ComfyUI', 'ComfyUI'],
  ['%date:yyyy-MM-dd%/x', '2026-09-03/x'],
  ['%date:yy.M.d hh:mm:ss%', '26.9.3 04-05-06'],
  ['%date%', '20260903040506'],
  ['%year%-%month%-%day%_%hour%%minute%%second%', '2026-09-03_040506'],
  ['%width%x%height%', '%width%x%height%'],
  ['100%', '100%'],
] as const)('%j → %j', ([prefix, expected]) => {
  expect(expandPrefix(prefix, { now })).toBe(expected)
})

test('values of other nodes, by title or type; seeds keep all digits', () => {
  const prompt: Prompt = {
    3: { class_type: 'KSampler', inputs: { seed: 18446744073709551615n, model: ['4', 0] } },
    4: { class_type: 'EmptyImage', inputs: { width: 64 }, _meta: { title: 'My size' } },
    5: { class_type: 'Text', inputs: { text: 'a/b: c?' } },
  }
  const expand = (prefix: string) => expandNodeValues(prefix, prompt)
  expect(expand('%KSampler.seed%_%My size.width%')).toBe('18446744073709551615_64')
  expect(expand('%Text.text%')).toBe('a_b_ c_')
  expect(expand('%KSampler.model% %Nobody.x%')).toBe('%KSampler.model% %Nobody.x%')
})
