import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Weight, Weights } from '../inference/weights.ts'
import { tensor } from '../tensor.ts'
import { admVector } from './adm.ts'
import { clipConfig } from './clip.ts'
import { endToken } from './clip-tokenizer.ts'
import { layerAliases } from './lora-keys.ts'
import { familiarNames } from './tensor-names.ts'
import { unetFacts, unetLabel, unetSampling } from './unet-family.ts'

const prefix = 'model.diffusion_model.'

/** A header alone. */
function weightsOf(shapes: Record<string, number[]>, metadata = {}): Weights {
  const entry = (shape: number[]): Weight => {
    const length = 2 * shape.reduce((a, b) => a * b, 1)
    return { type: 'F16', shape, file: '/models/it.safetensors', offset: 1000, length }
  }
  const tensors = new Map(Object.entries(shapes).map(([name, shape]) => [name, entry(shape)]))
  return { file: '/models/it.safetensors', tensors, metadata }
}

const unet = (channels: number, context: number, adm = 0, more: Record<string, number[]> = {}) =>
  weightsOf({
    [`${prefix}input_blocks.0.0.weight`]: [320, channels, 3, 3],
    [`${prefix}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight`]: [320, context],
    ...(adm > 0 && { [`${prefix}label_emb.0.0.weight`]: [1280, adm] }),
    ...more,
  })

test.each([
  [unet(4, 768), { family: 'sd1', joins: 'none' }],
  [unet(9, 768), { family: 'sd1', joins: 'inpaint' }],
  [unet(8, 768), { family: 'sd1', joins: 'edit' }],
  [unet(9, 1024), { family: 'sd2', joins: 'inpaint' }],
  [unet(4, 2048, 2816), { family: 'sdxl', joins: 'none' }],
  [unet(9, 2048, 2816), { family: 'sdxl', joins: 'inpaint' }],
  [unet(4, 1280, 2560), { family: 'refiner', joins: 'none' }],
  [unet(5, 1024), 'a model of 5 channels'],
  [unet(4, 2048, 1536), 'a relative of SDXL with another input (1536 wide)'],
  [unet(4, 2048, 2816, { edm_mean: [4] }), 'a relative of SDXL with an EDM noise schedule'],
])('a UNet by its widths (%#)', (weights, facts) => {
  expect(unetFacts(weights)).toEqual(facts)
})

describe('how the answer is read', () => {
  const sdxl = { family: 'sdxl', joins: 'none' } as const

  test('keys without values say v-prediction and a zero terminal', () => {
    const plain = unetSampling(unet(4, 2048, 2816), sdxl)
    const v = unetSampling(unet(4, 2048, 2816, { v_pred: [0] }), sdxl)
    const zero = unetSampling(unet(4, 2048, 2816, { v_pred: [0], ztsnr: [0] }), sdxl)
    expect([plain, v, zero].map(({ prediction }) => prediction)).toEqual(['epsilon', 'v', 'v'])
    expect(v.sigmas).toEqual(plain.sigmas)
    expect(zero.sigmaMax).toBeCloseTo(Math.sqrt(1 / 4.8973451890853435e-8), 0)
  })

  test('SD2 by the spread of a bias', () => {
    const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-sd2-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'bias')
    writeFileSync(file, new Float32Array([-0.2, 0.2, -0.2, 0.2, -0.05, 0.05, -0.05, 0.05]))
    const bias = (offset: number): Weights => {
      const weights = unet(4, 1024)
      const name = `${prefix}output_blocks.11.1.transformer_blocks.0.norm1.bias`
      const values: Weight = { type: 'F32', shape: [4], file, offset, length: 16 }
      return { ...weights, tensors: new Map([...weights.tensors, [name, values]]) }
    }
    const labels = [0, 16].map(offset => {
      const weights = bias(offset)
      return unetLabel(weights, { family: 'sd2', joins: 'none' })
    })
    expect(labels).toEqual(['SD 2 (v)', 'SD 2'])
  })
})

describe('names', () => {
  const openClip = (width: number, layers: number) =>
    Object.fromEntries([
      ['positional_embedding', [77, width]],
      ['token_embedding.weight', [49408, width]],
      ['text_projection', [width, width]],
      ['ln_final.weight', [width]],
      ...Array.from({ length: layers }, (_, n) => [
        [`transformer.resblocks.${n}.ln_1.weight`, [width]],
        [`transformer.resblocks.${n}.attn.in_proj_weight`, [3 * width, width]],
        [`transformer.resblocks.${n}.attn.in_proj_bias`, [3 * width]],
        [`transformer.resblocks.${n}.mlp.c_proj.bias`, [width]],
      ]).flat(),
    ]) as Record<string, number[]>
  const under = (at: string, shapes: Record<string, number[]>) =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [at + name, shape]))

  test("OpenCLIP's fused projection becomes three stretches of the same file", () => {
    const { tensors } = familiarNames(weightsOf(openClip(8, 1)))
    const at = 'text_model.encoder.layers.0.self_attn'
    const [q, k, v] = ['q', 'k', 'v'].map(letter => tensors.get(`${at}.${letter}_proj.weight`)!)
    expect([q!.shape, q!.length]).toEqual([[8, 8], 128])
    expect([q, k, v].map(part => part!.offset)).toEqual([1000, 1128, 1256])
    expect(tensors.get(`${at}.v_proj.bias`)).toMatchObject({ shape: [8], offset: 1032 })
    expect(tensors.has('text_model.encoder.layers.0.mlp.fc2.bias')).toBe(true)
    expect(tensors.has('text_projection')).toBe(true)
  })

  test.each([
    ['cond_stage_model.model.', 1024, 24, { kind: 'h', stopAtLayer: -2, normed: true }],
    ['cond_stage_model.model.', 1024, 23, { kind: 'h', stopAtLayer: -1, normed: true }],
    ['conditioner.embedders.0.model.', 1280, 32, { kind: 'g', stopAtLayer: -2, normed: false }],
    ['', 1280, 32, { kind: 'g', stopAtLayer: -2, normed: false }],
  ])('a text encoder at "%s", %i wide, of %i layers', (at, width, layers, config) => {
    const weights = familiarNames(weightsOf(under(at, openClip(width, layers))))
    expect(clipConfig(weights)).toMatchObject({ ...config, layers, padToken: 0 })
  })

  test('CLIP-L pads with its end token', () => {
    const at = 'cond_stage_model.transformer.text_model.embeddings.position_embedding.weight'
    const config = clipConfig(weightsOf({ [at]: [77, 768] }))
    expect(config).toMatchObject({ kind: 'l', padToken: endToken, stopAtLayer: -1, normed: true })
  })

  // LoRA files use diffusers' names too, so those that they are known by must lead back.
  test("a UNet as diffusers saves it has all of the checkpoint's layers", () => {
    const list = gunzipSync(
      readFileSync(join(import.meta.dirname, 'fixtures/sdxl-mini.keys.json.gz')),
    )
    const shapes: Record<string, [string, number[]]> = JSON.parse(list.toString()).keys
    const own = Object.keys(shapes).filter(key => /^model\..*\.weight$/.test(key))
    const checkpoint = weightsOf(Object.fromEntries(own.map(key => [key, shapes[key]![1]])))
    const saved: Record<string, number[]> = {}
    for (const [alias, { layer: key }] of layerAliases(checkpoint))
      if (/^unet\.((down|up)_blocks|mid_block|conv_|time_embedding|add_embedding)/.test(alias))
        saved[`${alias.slice('unet.'.length)}.weight`] = shapes[`${key}.weight`]![1]
    expect(Object.keys(saved)).toHaveLength(own.length)
    const renamed = familiarNames(weightsOf(saved))
    expect([...renamed.tensors.keys()].sort()).toEqual(own.sort())
    for (const key of own)
      expect(renamed.tensors.get(key)!.shape, key).toEqual(checkpoint.tensors.get(key)!.shape)
  })

  test('a UNet alone', () => {
    const { tensors } = familiarNames(weightsOf({ 'input_blocks.0.0.weight': [320, 9, 3, 3] }))
    expect([...tensors.keys()]).toEqual([`${prefix}input_blocks.0.0.weight`])
  })
})

test("the refiner's vector: pooled text, four sizes and a score by side", () => {
  const item = {
    cond: tensor([1, 0, 1280]),
    pooled: tensor([1, 1280], new Float32Array(1280).fill(7)),
    sizes: { width: 3, height: 2 },
  }
  const vector = (side: 'positive' | 'negative', aestheticScore?: number) =>
    admVector(2560, { ...item, aestheticScore }, { width: 9, height: 9 }, side)!
  const { shape, data } = vector('positive')
  expect([shape, data[0]]).toEqual([[1, 2560], 7])
  // The first of each 128 cosines turns by the number itself.
  const first = (of: Float32Array) =>
    [0, 1, 2, 3, 4].map(i => Number(of[1280 + 256 * i]!.toFixed(5)))
  const cosines = (...numbers: number[]) => numbers.map(n => Number(Math.cos(n).toFixed(5)))
  expect(first(data)).toEqual(cosines(2, 3, 0, 0, 6))
  expect(first(vector('negative').data)).toEqual(cosines(2, 3, 0, 0, 2.5))
  expect(first(vector('negative', 4).data)).toEqual(cosines(2, 3, 0, 0, 4))
})
