// Qwen-Image's tokens and states against ComfyUI 0.3.64.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import { tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { golden, goldens, missing, randomModel, reason, repository } from './fixtures/goldens.ts'
import { QwenText, qwenImageTokens } from './qwen-text.ts'
import { qwenTokenizer } from './qwen-tokenizer.ts'

const tokenizer = qwenTokenizer(resolve(repository, 'resources/tokenizers/qwen2/merges.txt.gz'))

test('words, digits and signs', () => {
  expect(tokenizer.encode('a photo of a cat')).toEqual([64, 6548, 315, 264, 8251])
  expect(tokenizer.encode('<|im_end|>\n12')).toEqual([151645, 198, 16, 17])
  // From transformers 4.57.1: a byte order mark is no white space, a next line is.
  expect(tokenizer.encode('a \ufeff, b\x85\n')).toEqual([64, 75780, 11, 293, 126, 227, 198])
})

describe.skipIf(missing)(`Qwen2.5${reason}`, () => {
  type Cases = Record<string, { prompt: string; qwen25_7b: [[number, number][]] }>
  const cases: Cases = missing
    ? {}
    : JSON.parse(readFileSync(resolve(goldens, 'more/qwen_tokens.json'), 'utf8'))

  test.each(Object.keys(cases))('tokens: %s', name => {
    const { prompt, qwen25_7b } = cases[name]!
    const wanted = qwen25_7b[0].map(([id]) => id)
    expect(qwenImageTokens(prompt, tokenizer)).toEqual(wanted)
  })

  const pool = new SessionPool({ budgetBytes: 1e9 })
  afterAll(() => pool.free())

  test('states of the prompt', { timeout: 60_000 }, async () => {
    const g = golden('more/qwen25_mini.safetensors')
    const weights = openSafetensors(randomModel('more/keys/qwen25_mini.json'))
    const encoder = new QwenText({ weights, pool, tokenizer: () => tokenizer })
    for (const name of ['plain', 'unicode']) {
      const { prompt } = cases[name]!
      const { cond } = await encoder.encode(prompt)
      expectClose(cond, g(`${name}.qwen_image_cond`), 5e-5, name)
      const { data, shape } = await encoder.states(qwenImageTokens(prompt, tokenizer))
      const width = shape[2]!
      const ends = [...data.slice(0, 4 * width), ...data.slice(data.length - 8 * width)]
      const got = tensor([1, 12, width], Float32Array.from(ends))
      expectClose(got, g(`${name}.full_first4_last8`), 5e-5, name)
    }
  })
})
