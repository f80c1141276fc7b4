// Qwen-Image-Edit: Qwen2.5-VL's eyes and its reading of pictures against transformers 5.23, references
// without noise against diffusers 0.42, with torch 2.15 in float32 on random weights.
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import { unscale } from '../sampling/sample.ts'
import { tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { familyFixtures } from './fixtures/families.ts'
import { difference, repository, rnd } from './fixtures/goldens.ts'
import { pictureSign, QwenText } from './qwen-text.ts'
import { qwenTokenizer } from './qwen-tokenizer.ts'
import { qwenVisionConfig } from './qwen-vision.ts'
import { transformerModel, wanLatent } from './transformer-families.ts'

const fixtures = familyFixtures('text')
const pool = new SessionPool({ budgetBytes: 1e9, threads: 1 })
afterAll(async () => {
  await pool.free()
  rmSync(fixtures.folder, { recursive: true, force: true })
})
const tokenizer = qwenTokenizer(resolve(repository, 'resources/tokenizers/qwen2/merges.txt.gz'))

/** The small network's sign for a picture. */
const sign = 150
const words = 35

test('a picture of 5 × 7 words, in windows of different sizes, and a text around it', async () => {
  const weights = fixtures.model('qwen25_vl')
  const encoder = new QwenText({ weights, pool, tokenizer: () => tokenizer })
  const { shape, data } = rnd('vl image', [140, 196, 3])
  const picture = tensor(
    [1, ...shape],
    data.map(v => (v + 1) / 2),
  )
  const config = { ...qwenVisionConfig(weights), fullEvery: 2 }
  const seen = await encoder.see(picture, config)
  expect(seen.grid).toEqual({ rows: 5, columns: 7 })
  const flat = tensor([words, 256], seen.words.data)
  expectClose(flat, fixtures.golden('vl.seen'), 5e-5)
  const states = await encoder.statesSeeing([3, 4, 5, 151, sign, 152, 6, 7, 8, 9, 10], sign, [seen])
  const got = tensor([words + 10, 256], states.data)
  expectClose(got, fixtures.golden('vl.states'), 5e-5)
})

test('a picture of another size is fitted to whole words', async () => {
  const weights = fixtures.model('qwen25_vl')
  const encoder = new QwenText({ weights, pool, tokenizer: () => tokenizer })
  const seen = await encoder.see(tensor([1, 60, 101, 3]))
  expect(seen.grid).toEqual({ rows: 2, columns: 4 })
  expect(seen.words.shape).toEqual([1, 8, 256])
})

test('signs for pictures are tokens of their own', () => {
  expect(tokenizer.encode(`a${pictureSign}b`)).toEqual([64, 151652, 151655, 151653, 65])
})

test('a network is told that no noise is on what it edits', async () => {
  const model = transformerModel(fixtures.model('qwen_edit'), {
    ...{ pool, openWeights: openSafetensors },
  })!
  const network = await model.network()
  const referenceLatents = [unscale(rnd('edit ref', [1, 16, 4, 8]), wanLatent)]
  const cond = rnd('edit text', [1, 9, 64])
  const answer = (referenceMethod: 'index' | 'index_timestep_zero') => {
    const size = { width: 0, height: 0 }
    const extras = model.extras!({ cond, referenceLatents, referenceMethod }, size)
    const x = rnd('edit x', [1, 16, 8, 8])
    return network.forward({ x, timesteps: Float32Array.of(0.6), context: cond, extras })
  }
  const golden = fixtures.golden('qwen_edit')
  expectClose(await answer('index_timestep_zero'), golden, 5e-5)
  expect(difference(await answer('index'), golden)).toBeGreaterThan(1e-3)
})
