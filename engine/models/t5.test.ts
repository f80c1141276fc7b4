// T5's tokens and states against ComfyUI 0.3.64.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { golden, goldens, missing, randomModel, reason, repository } from './fixtures/goldens.ts'
import { T5Encoder, t5Tokens } from './t5-encoder.ts'
import { t5Tokenizer } from './t5-tokenizer.ts'

const tokenizer = t5Tokenizer(resolve(repository, 'resources/tokenizers/t5/pieces.tsv.gz'))

test('a text is cut into its likeliest pieces', () => {
  expect(tokenizer.encode('a photo of a cat')).toEqual([3, 9, 1202, 13, 3, 9, 1712])
  expect(tokenizer.encode(' \n ')).toEqual([])
  expect(tokenizer.encode('猫猫')).toEqual([3, 2])
  expect(tokenizer.encode('a\x00b\x85c')).toEqual([3, 9, 2, 115, 2, 75])
})

// From sentencepiece's own normalizer "nmt_nfkc".
test.each([
  ['a photo\u200bof\ufeff a\u0007 cat', 'a photo of a cat'],
  ['ﬁne ｃａｔ', 'fine cat'],
])('%j reads as %j', (text, plain) => {
  expect(tokenizer.encode(text)).toEqual(tokenizer.encode(plain))
})

test('T5TokenizerOptions: empty tokens behind a prompt, then up to a length', () => {
  const ids = (minLength: number, padding: number) =>
    t5Tokens('a photo', tokenizer, minLength, padding).map(({ id }) => id)
  expect(ids(0, 0)).toEqual([3, 9, 1202, 1])
  expect(ids(0, 2)).toEqual([3, 9, 1202, 1, 0, 0])
  expect(ids(6, 1)).toEqual([3, 9, 1202, 1, 0, 0])
  expect(ids(3, 1)).toHaveLength(5)
})

describe.skipIf(missing)(`T5${reason}`, () => {
  type Pair = [number, number] | ['len', number]
  type Cases = Record<string, Record<string, { prompt: string; t5xxl: [Pair[]] }>>
  const cases: Cases = missing
    ? {}
    : JSON.parse(readFileSync(resolve(goldens, 'more/t5_tokens.json'), 'utf8'))
  const names = Object.entries(cases).flatMap(([family, own]) =>
    Object.keys(own).map(name => [family, name] as const),
  )

  test.each(names)('tokens for %s: %s', (family, name) => {
    const { prompt, t5xxl } = cases[family]![name]!
    const pairs = t5xxl[0]
    const last = pairs.at(-1)!
    const listed = last[0] === 'len' ? pairs.slice(0, -1) : pairs
    const tokens = t5Tokens(prompt, tokenizer, family === 'flux' ? 256 : 77)
    if (last[0] === 'len') expect(tokens).toHaveLength(last[1])
    expect(tokens.slice(0, listed.length).map(({ id, weight }) => [id, weight])).toEqual(listed)
    expect(tokens.slice(listed.length).every(({ id }) => id === 0)).toBe(true)
  })

  const pool = new SessionPool({ budgetBytes: 1e9 })
  afterAll(() => pool.free())

  test('states, also of weighted and long prompts', async () => {
    const g = golden('more/t5_mini.safetensors')
    const weights = openSafetensors(randomModel('more/keys/t5_mini.json'))
    const encoder = new T5Encoder({
      ...{ weights, pool, openWeights: openSafetensors },
      ...{ tokenizer: () => tokenizer, minLength: 77 },
    })
    for (const name of ['plain', 'weight', 'long']) {
      const states = await encoder.encode(cases.sd3![name]!.prompt)
      expectClose(ends(states), g(`${name}.first8_last4`), 5e-5, name)
    }
  })
})

/** The first eight and the last four tokens. */
function ends({ data, shape }: Tensor): Tensor {
  const width = shape[2]!
  const both = [...data.slice(0, 8 * width), ...data.slice(data.length - 4 * width)]
  return tensor([1, 12, width], Float32Array.from(both))
}
