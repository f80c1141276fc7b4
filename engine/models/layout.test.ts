// No tensor may get lost without a word: of every family they are taken away one by one (some thirty
// of each; all of them with PARITY=all).
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import type { Weight, Weights } from '../inference/weights.ts'
import { tensor } from '../tensor.ts'
import { clipTokenizer } from './clip-tokenizer.ts'
import { goldens, missing, randomModel, reason, repository } from './fixtures/goldens.ts'
import { checkLayout, type Layout, linear, norm, unknownTensors } from './layout.ts'
import {
  controlNetLayout,
  fluxLayout,
  luminaLayout,
  mmditLayout,
  qwenImageLayout,
  unetLayout,
  vaeDecoderLayout,
  vaeEncoderLayout,
} from './layouts-diffusion.ts'
import {
  taesdDecoderLayout,
  taesdEncoderLayout,
  visionLayout,
  wanDecoderLayout,
  wanEncoderLayout,
} from './layouts-pictures.ts'
import { clipLayout, qwen25Layout, t5Layout } from './layouts-text.ts'
import { openCheckpoint } from './stable-diffusion.ts'
import { familiarNames } from './tensor-names.ts'
import { transformerModel } from './transformer-families.ts'

/** A file's header is all that is looked at. */
const header = resolve(import.meta.dirname, 'fixtures/mini-starter.safetensors')
const of = (shapes: Record<string, readonly number[]>): Weights => ({
  file: header,
  metadata: {},
  tensors: new Map(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { type: 'F16', shape, file: header, offset: 0, length: 0 },
    ]),
  ),
})

function listed(list: string): Weights {
  const bytes = readFileSync(resolve(goldens, list))
  const text = (list.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  type Keys = Record<string, [string, number[]]>
  const parsed = JSON.parse(text) as Keys & { keys?: Keys }
  const shapes = Object.entries(parsed.keys ?? parsed).map(
    ([name, [, shape]]) => [name, shape] as const,
  )
  return familiarNames(of(Object.fromEntries(shapes)))
}

const without = (weights: Weights, name: string): Weights => ({
  ...weights,
  tensors: new Map([...weights.tensors].filter(([key]) => key !== name)),
})
const changed = (weights: Weights, name: string, change: Partial<Weight>): Weights => ({
  ...weights,
  tensors: new Map([...weights.tensors, [name, { ...weights.tensors.get(name)!, ...change }]]),
})

function complaint(weights: Weights, prefix: string, layout: Layout): string {
  try {
    checkLayout(weights, prefix, layout)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

const unet = 'model.diffusion_model.'
const sd15 = 'tiny_sd15.keys.json'
const clip = 'conditioner.embedders.1.transformer.text_model.'
const families: [list: string, prefix: string, layout: Layout, under: RegExp][] = [
  [sd15, unet, unetLayout, /./],
  [
    'more/keys/sdxl_mini.json.gz',
    unet,
    unetLayout,
    /label_emb|\.op\.|2\.conv\.|middle_block\.1\.transformer_blocks\.0/,
  ],
  [sd15, 'first_stage_model.', vaeDecoderLayout, /decoder|post_quant/],
  [sd15, 'first_stage_model.', vaeEncoderLayout, /encoder|\.quant/],
  ['more/keys/sdxl_full_clips.json', clip, clipLayout, /text_model\.(?!encoder)|layers\.[07]\./],
  ['more/keys/flux_dev_mini.json', '', fluxLayout, /./],
  ['more/keys/sd3_mini.json', unet, mmditLayout, /./],
  ['more/keys/lumina2_mini.json', '', luminaLayout, /^(?!norm_final)/],
  ['more/keys/qwen_image_mini.json', '', qwenImageLayout, /./],
  ['more/keys/t5_mini.json', '', t5Layout, /./],
  ['more/keys/qwen25_mini.json', 'model.', qwen25Layout, /./],
  ['more/keys/clip_vision_vitl.json', 'vision_model.', visionLayout, /./],
  ['more/keys/taesd_decoder.json', '', taesdDecoderLayout, /./],
  ['more/keys/taef1_encoder.json', '', taesdEncoderLayout, /./],
  ['more/keys/wan_vae.json', '', wanDecoderLayout, /^decoder(?!.*time_conv)|^conv2/],
  ['more/keys/wan_vae.json', '', wanEncoderLayout, /^encoder(?!.*time_conv)|^conv1/],
  ['more/keys/tiny_cn.json', 'control_model.', controlNetLayout, /./],
]

/** Nothing else tells how many words a vocabulary has. */
const free =
  /token_embedding|position_embedding|embed_tokens|shared|relative_attention_bias|pos_embed|input_hint_block|resample|patch_embedding/

describe.skipIf(missing)(`every tensor of a family${reason}`, () => {
  test.each(families)('%s %s', (list, prefix, layout, under) => {
    const weights = listed(list)
    expect(checkLayout(weights, prefix, layout).filter(name => under.test(name))).toEqual([])
    const all = [...weights.tensors.keys()].filter(
      name => name.startsWith(prefix) && under.test(name),
    )
    const step = process.env.PARITY === 'all' ? 1 : Math.ceil(all.length / 30)
    const names = all.filter((_, i) => i % step === 0)
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) {
      const inner = name.slice(prefix.length)
      expect(complaint(without(weights, name), prefix, layout), name).toContain(`${inner}"`)
      const { shape } = weights.tensors.get(name)!
      const folded = changed(weights, name, { shape: [...shape, 2] })
      expect(complaint(folded, prefix, layout), name).toMatch(/the tensor ".+" is \[.+ belongs/)
      const longer = changed(weights, name, { shape: [shape[0]! + 8, ...shape.slice(1)] })
      if (!free.test(name)) expect(complaint(longer, prefix, layout), name).toContain('belongs')
    }
  })
})

describe.skipIf(missing)(`opening files${reason}`, () => {
  const pool = new SessionPool({ budgetBytes: 1e9 })
  afterAll(() => pool.free())
  const merges = resolve(repository, 'resources/tokenizers/clip/merges.txt.gz')
  const shared = {
    pool,
    openWeights: openSafetensors,
    tokenizer: () => clipTokenizer(merges),
    embedding: () => undefined,
  }
  const checkpoint = () => openSafetensors(randomModel(sd15))

  test.each([
    'input_blocks.0.0.weight',
    'input_blocks.1.0.out_layers.3.bias',
    'input_blocks.1.1.transformer_blocks.0.norm1.weight',
    'output_blocks.0.0.in_layers.0.weight',
    'output_blocks.1.0.skip_connection.weight',
    'time_embed.2.bias',
    'out.2.bias',
  ])('a UNet without %s', name => {
    const open = () => openCheckpoint(without(checkpoint(), unet + name), shared)
    expect(open).toThrow(`tiny_sd15.safetensors has no tensor "${unet}${name}"`)
  })

  test('a VAE and a text encoder, when they are asked for', async () => {
    const lost = (name: string) => openCheckpoint(without(checkpoint(), name), shared)
    const decoder = 'first_stage_model.decoder.up.2.block.0.norm1.weight'
    await expect(lost(decoder).vae!.decode(tensor([1, 4, 8, 8]))).rejects.toThrow(decoder)
    const encoder = 'first_stage_model.encoder.down.0.downsample.conv.bias'
    await expect(lost(encoder).vae!.encode(tensor([1, 64, 64, 3]))).rejects.toThrow(encoder)
    const text = 'cond_stage_model.transformer.text_model.encoder.layers.0.self_attn.v_proj.bias'
    await expect(lost(text).clip!.encode('x')).rejects.toThrow(text)
    expect(() => lost('first_stage_model.decoder.conv_in.weight')).toThrow('decoder.conv_in.weight')
    const places = 'cond_stage_model.transformer.text_model.embeddings.position_embedding.weight'
    expect(() => lost(places)).toThrow(places)
  })

  test('a transformer alone: names are as in its file', () => {
    const weights = openSafetensors(randomModel('more/keys/flux_dev_mini.json'))
    const lost = 'double_blocks.0.img_attn.norm.key_norm.scale'
    const open = () => transformerModel(without(weights, lost), shared)
    expect(open).toThrow(`flux_dev_mini.safetensors has no tensor "${lost}"`)
  })

  test('what is not known is told', () => {
    const extra = changed(checkpoint(), `${unet}time_embed.0.weight`, {})
    const tensors = new Map([
      ...extra.tensors,
      [`${unet}more.weight`, extra.tensors.get(`${unet}out.2.bias`)!],
    ])
    expect(openCheckpoint({ ...extra, tensors }, shared).model.notes).toEqual([
      `tiny_sd15.safetensors holds 1 tensor more than its family has ("${unet}more.weight"); they have no effect.`,
    ])
    expect(openCheckpoint(checkpoint(), shared).model.notes).toEqual([])
  })
})

describe('a layout of two layers and a norm that may be left out', () => {
  const layout: Layout = {
    parts: [
      {
        at: 'blocks.#',
        tensors: { ...linear('a', 'W', 'h'), ...linear('b', 'h', 'W') },
        optional: [{ tensors: norm('n', 'h'), needed: size => size('h') > 4 }],
      },
    ],
    counted: ['blocks.#'],
  }
  const block = (n: number, width: number) => ({
    [`blocks.${n}.a.weight`]: [width, 2],
    [`blocks.${n}.a.bias`]: [width],
    [`blocks.${n}.b.weight`]: [2, width, 1, 1],
    [`blocks.${n}.b.bias`]: [2],
  })

  test.each([
    ['complete', { ...block(0, 3), ...block(1, 4) }, ''],
    ['a gap', { ...block(0, 3), ...block(2, 4) }, 'no tensor "blocks.1"'],
    ['half a norm', { ...block(0, 3), 'blocks.0.n.bias': [3] }, 'no tensor "blocks.0.n.weight"'],
    ['a norm that is needed', block(0, 5), 'no tensor "blocks.0.n.weight" and 1 more'],
    [
      'another width',
      { ...block(0, 3), 'blocks.0.a.bias': [1] },
      '"blocks.0.a.bias" is [1] where [3]',
    ],
    ['a scale beside a weight', { ...block(0, 3), 'blocks.0.a.scale_weight': [1] }, ''],
  ])('%s', (_, shapes, words) => {
    expect(complaint(of(shapes as Record<string, number[]>), '', layout)).toContain(words)
  })

  test('unknown names are given back', () => {
    const weights = of({ ...block(0, 3), more: [1] })
    expect(checkLayout(weights, '', layout)).toEqual(['more'])
    expect(unknownTensors(weights, ['more'])[0]).toMatch(/holds 1 tensor more/)
  })
})
