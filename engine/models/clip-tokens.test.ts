import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chunkPrompt } from './clip-chunks.ts'
import { clipTokenizer, endToken } from './clip-tokenizer.ts'
import { golden, goldens, missing, reason, repository } from './fixtures/goldens.ts'
import { parseWeights } from './prompt-weights.ts'

const tokenizer = clipTokenizer(resolve(repository, 'resources/tokenizers/clip/merges.txt.gz'))
const fixture = resolve(import.meta.dirname, 'fixtures/clip-tokens.json')

type Cases = Record<string, { prompt: string; chunks: [number, number][][] }>
const cases = Object.entries(JSON.parse(readFileSync(fixture, 'utf8')) as Cases)

test.each(cases)('tokens and weights as ComfyUI: %s', (_, { prompt, chunks }) => {
  const got = chunkPrompt(prompt, tokenizer)
  expect(got.every(chunk => chunk.length === 77)).toBe(true)
  const full = chunks.map(chunk => [
    ...chunk,
    ...Array.from({ length: 77 - chunk.length }, () => [endToken, 1]),
  ])
  expect(got.map(chunk => chunk.map(({ id, weight }) => [id, weight]))).toEqual(full)
})

// From transformers 4.57.1's CLIPTokenizer.
test.each([
  ['a❤️<|endoftext|>b', [320, 1752, 49407, 321]],
  ['a\ud7ffb', [3937]],
])('ids of %j', (text, ids) => {
  expect(tokenizer.encode(text)).toEqual(ids)
})

test.each([
  [
    '(a)(b:2)',
    [
      ['a', 1.1],
      ['b', 2],
    ],
  ],
  [
    '((a:2) b)',
    [
      ['a', 2],
      [' b', 1.1],
    ],
  ],
  ['(:2)', [[':2', 1.1]]],
  ['(a:b)', [['a:b', 1.1]]],
  ['(a: .5 )', [['a', 0.5]]],
  ['\\(a:2\\)', [['(a:2)', 1]]],
  ['', []],
  ['a) (b)', [['a) (b)', 1]]],
] as [string, [string, number][]][])('weights of %j', (prompt, want) => {
  expect(parseWeights(prompt).map(({ text, weight }) => [text, weight])).toEqual(want)
})

describe.skipIf(missing)(`textual inversion${reason}`, () => {
  const files = resolve(goldens, 'more/models/embeddings')
  const table: Record<string, { prompt: string; l: [number | string, number][][] }> = missing
    ? {}
    : JSON.parse(readFileSync(resolve(goldens, 'more/ti_tokens.json'), 'utf8'))

  /** `foo` holds three vectors, `one` a single one. */
  const rows: Record<string, [string, string]> = {
    foo: ['foo.safetensors', 'emb_params'],
    'foo.safetensors': ['foo.safetensors', 'emb_params'],
    one: ['one.safetensors', '<one>'],
  }
  const find = (name: string) => {
    if (!rows[name]) return undefined
    const { data } = golden(resolve(files, rows[name][0]))(rows[name][1])
    return Array.from({ length: data.length / 768 }, (_, i) => data.slice(i * 768, (i + 1) * 768))
  }

  test.each([
    'mid',
    'start',
    'weighted',
    'ext',
    'nospace',
    'missing',
    'newline',
    'long',
    'upper',
    'inweight2',
  ])('embeddings in the prompt "%s"', name => {
    const { prompt, l } = table[name]!
    const got = chunkPrompt(prompt, tokenizer, find).map(chunk =>
      chunk.map(({ id, weight, vector }) => [vector ? head(vector) : id, weight]),
    )
    const want = l.map(chunk =>
      chunk.map(([token, weight]) => [typeof token === 'string' ? headOf(token) : token, weight]),
    )
    expect(got).toEqual(want)
  })
})

/** The goldens name a vector by its first three values, `E[0.00986, 0.0549, -0.05441]`. */
const head = (vector: Float32Array) => [...vector.slice(0, 3)].map(v => v.toFixed(4)).join()
const headOf = (text: string) =>
  text
    .slice(2, -1)
    .split(', ')
    .map(v => Number(v).toFixed(4))
    .join()
