// Gemma 2, Qwen3 and Z-Image against transformers 5.23 and diffusers 0.42 with torch 2.15, in float32 on
// random weights; pieces against sentencepiece 0.2.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { familyFixtures } from './fixtures/families.ts'
import { difference, repository, rnd } from './fixtures/goldens.ts'
import {
  languageModelConfig,
  languageModelFeeds,
  languageModelKind,
  languageModelRecipe,
} from './language-model.ts'
import { GemmaText, openLuminaText, ZImageText, zImagePrompt } from './lumina-text.ts'
import { qwenTokenizer } from './qwen-tokenizer.ts'
import { SentencePieces } from './sentencepiece.ts'
import { transformerModel } from './transformer-families.ts'

const fixtures = familyFixtures('text')
const pool = new SessionPool({ budgetBytes: 1e9, threads: 1 })
afterAll(async () => {
  await pool.free()
  rmSync(fixtures.folder, { recursive: true, force: true })
})

const file = (name: string) => resolve(import.meta.dirname, 'fixtures', name)
const vocabulary = readFileSync(file('sentencepiece.model'))

describe('pieces', () => {
  type Cases = Record<string, { prompt: string; ids: number[] }>
  const cases: Cases = JSON.parse(readFileSync(file('sentencepiece-tokens.json'), 'utf8'))
  const pieces = new SentencePieces(vocabulary)

  test.each(Object.entries(cases))('%s', (_, { prompt, ids }) => {
    expect(pieces.encode(prompt)).toEqual(ids)
  })

  test('a file that breaks off, or is none', () => {
    expect(() => new SentencePieces(vocabulary.subarray(0, 5000))).toThrow(/breaks off/)
    expect(() => new SentencePieces(new Uint8Array())).toThrow(/holds no pieces/)
  })
})

/** What the fixtures were made for: the start sign and nineteen more. */
const tokens = [2, ...Array.from({ length: 19 }, (_, i) => ((i * 37) % 157) + 3)]

describe('language models', () => {
  test.each([
    ['gemma2', 'gemma2', 4096],
    ['gemma2', 'gemma2_window8', 8],
    ['qwen3', 'qwen3', undefined],
  ] as const)('%s as %s', async (kind, golden, window) => {
    const weights = fixtures.model(kind)
    expect(languageModelKind(weights)).toBe(kind)
    const config = { ...languageModelConfig(weights, kind), window }
    const recipe = languageModelRecipe(weights, config)
    const { states } = await pool.run(recipe, languageModelFeeds(config, [tokens]))
    const got = tensor([tokens.length, config.width], states!.data)
    expectClose(got, fixtures.golden(golden), 5e-5)
  })

  test('a layer without its norm is named', async () => {
    const weights = fixtures.model('gemma2')
    const lost = 'model.layers.1.post_feedforward_layernorm.weight'
    const tensors = new Map([...weights.tensors].filter(([name]) => name !== lost))
    const model = new GemmaText({ ...weights, tensors }, new SessionPool({ budgetBytes: 0 }))
    await expect(model.states([tokens])).rejects.toThrow(`no tensor "${lost}"`)
  })
})

/** As ComfyUI's file of Gemma 2: with its vocabulary as a tensor of bytes. */
function withVocabulary(weights: Weights): Weights {
  const path = join(fixtures.folder, 'vocabulary')
  writeFileSync(path, vocabulary)
  const { length } = vocabulary
  const stored = { type: 'U8', shape: [length], file: path, offset: 0, length } as const
  return { ...weights, tensors: new Map([...weights.tensors, ['spiece_model', stored]]) }
}

describe('prompts', () => {
  const shared = {
    pool,
    openWeights: openSafetensors,
    tokenizer: () => {
      throw new Error('CLIP was asked for')
    },
    embedding: () => undefined,
  }

  test('Gemma reads its own vocabulary; weights move from what an empty prompt has there', async () => {
    // The small network knows 160 words: pieces of this prompt are among them.
    const weights = withVocabulary(fixtures.model('gemma2'))
    const known = new SentencePieces(vocabulary)
    const text = '\n\n\t'
    expect(Math.max(...known.encode(text))).toBeLessThan(160)
    const encoder = openLuminaText([weights], shared) as GemmaText
    const ids = [2, ...known.encode(text)]
    const plain = (await encoder.encode(text)).cond
    expect(difference(plain, await encoder.states([ids]))).toBe(0)
    const heavy = (await encoder.encode(`(${text}:1.5)`)).cond
    const empty = await encoder.states([ids.map((_, i) => (i === 0 ? 2 : 0))], [1])
    const wanted = plain.data.map((v, i) => {
      const base = empty.data[i]!
      return i < plain.shape[2]! ? v : base + (v - base) * 1.5
    })
    expectClose(heavy, tensor(plain.shape, wanted), 1e-5)
    await expect(new GemmaText(fixtures.model('gemma2'), pool).encode('x')).rejects.toThrow(
      /gemma2\.safetensors holds no vocabulary \("spiece_model"\)/,
    )
  })

  test("Z-Image's prompt is a question to Qwen3", async () => {
    const tokenizer = qwenTokenizer(resolve(repository, 'resources/tokenizers/qwen2/merges.txt.gz'))
    const ids = tokenizer.encode(zImagePrompt('a cat'))
    expect(ids).toEqual([151644, 872, 198, 64, 8251, 151645, 198, 151644, 77091, 198])
    const encoder = openLuminaText([fixtures.model('qwen3')], shared)
    expect(encoder).toBeInstanceOf(ZImageText)
  })

  test('another file is refused by name', () => {
    expect(() => openLuminaText([fixtures.model('z_image')], shared)).toThrow(
      /z_image\.safetensors is neither Gemma 2 nor Qwen3/,
    )
  })
})

describe('Z-Image', () => {
  const open = (weights: Weights) =>
    transformerModel(weights, { pool, openWeights: openSafetensors })!

  test.each([
    [12, 10, 0.3, 13],
    [16, 8, 0.75, 32],
  ])('one forward of %i × %i', async (height, width, t, words) => {
    const model = open(fixtures.model('z_image'))
    const network = await model.network()
    const got: Tensor = await network.forward({
      x: rnd(`z x ${height}x${width}`, [1, 16, height, width]),
      // Samplers count from noise to picture.
      timesteps: Float32Array.of(1 - t),
      context: tensor([1, words, 64], rnd(`z cap ${words}`, [words, 64]).data),
    })
    const wanted = fixtures.golden(`z_image.${height}x${width}`)
    expectClose(tensor(wanted.shape, got.data), wanted, 5e-5)
  })

  test('its noise levels are shifted by 3, its latents are Flux’', () => {
    const { sampling, latent } = open(fixtures.model('z_image'))
    expect(sampling.percentToSigma(0.5)).toBeCloseTo(0.75, 6)
    expect(latent.scale).toBe(0.3611)
  })

  test('without what fills up its sequences it is incomplete', () => {
    const weights = fixtures.model('z_image')
    const tensors = new Map([...weights.tensors].filter(([name]) => name !== 'cap_pad_token'))
    expect(() => open({ ...weights, tensors })).toThrow('no tensor "cap_pad_token"')
  })
})
