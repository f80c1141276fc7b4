// SDXL's numbers against ComfyUI's, on a small network of random weights: text encoders of three
// layers, a UNet of 320 channels throughout.
import { cpSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { clipTextEncodeSdxl } from '../nodes/conditioning/clip-text-encode-sdxl.ts'
import type { RunContext } from '../nodes/define.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { clipTokenizer } from './clip-tokenizer.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { goldenStore } from './fixtures/golden-store.ts'
import {
  cache,
  ends,
  golden,
  goldens,
  missing,
  randomModel,
  reason,
  repository,
  rnd,
} from './fixtures/goldens.ts'
import { makeRandomModel } from './fixtures/random-weights.ts'
import type { ConditioningItem, DiffusionModel, TextEncoderModel } from './kinds.ts'
import { openClip } from './stable-diffusion.ts'

const tolerance = 5e-5
const everything = process.env.PARITY === 'all'

const fixtures = resolve(import.meta.dirname, 'fixtures')
const file = join(cache, 'sdxl_mini.safetensors')
let model: DiffusionModel
let clip: TextEncoderModel

beforeAll(() => {
  makeRandomModel(join(fixtures, 'sdxl-mini.keys.json.gz'), file)
}, 120_000)
const held = goldenStore({ 'checkpoints/sdxl.safetensors': file })
beforeAll(async () => {
  const loaded = await held.store.checkpoint('sdxl.safetensors')
  model = loaded.model
  clip = loaded.clip!
})

const plain = 'a photo of a cat'

describe('a small SDXL', () => {
  const comfy = golden(join(fixtures, 'sdxl-mini.safetensors'))

  test('both text encoders: "photo" and "of" of "a photo of a cat"', async () => {
    const { cond, pooled } = await clip.encode(plain)
    expectLike(rows(cond, 4, 6), comfy('cond'))
    expectLike(pooled!, comfy('pooled'))
  })

  test('text encoders from files of their own, in either order', async () => {
    const pool = new SessionPool({ budgetBytes: 1e9 })
    const merges = resolve(repository, 'resources/tokenizers/clip/merges.txt.gz')
    const tokenizer = () => clipTokenizer(merges)
    const shared = { pool, tokenizer, openWeights: openSafetensors, embedding: () => undefined }
    const whole = openSafetensors(file)
    const large = alone(whole, 'conditioner.embedders.1.model.')
    const small = alone(whole, 'conditioner.embedders.0.transformer.')
    const { cond, pooled } = await openClip([large, small], shared).encode(plain)
    expectLike(rows(cond, 4, 6), comfy('cond'))
    expectLike(pooled!, comfy('pooled'))
    expect(() => openClip([small, small], shared)).toThrow(
      /needs CLIP-L and CLIP-G.*CLIP-L and CLIP-L/,
    )
    await pool.free()
  })

  test('UNet: one step with y', async () => {
    const network = await model.network()
    const context = rnd('sdxl.ctx', [1, 77, 2048])
    const y = comfy('y')
    const timesteps = Float32Array.of(999)
    expectLike(await network.forward({ x: comfy('x'), timesteps, context, y }), comfy('out'))
  })

  test('y: pooled text, then the sizes that a node told', () => {
    const item: ConditioningItem = {
      cond: tensor([1, 0, 2048]),
      pooled: rnd('sdxl.pooled', [1, 1280]),
      sizes: {
        width: 1024,
        height: 768,
        cropW: 16,
        cropH: 32,
        targetWidth: 832,
        targetHeight: 640,
      },
    }
    expectLike(model.admVector(item, { width: 64, height: 64 })!, comfy('y'))
  })
})

describe.skipIf(missing)(`goldens of sdxl_mini${reason}`, () => {
  const long = Array.from(
    { length: 12 },
    (_, i) => `highly detailed photograph number ${i} of a red fox in the snow`,
  ).join(', ')
  const prompts = {
    plain,
    empty: '',
    weight: 'a (cat:1.3) on a (mat:0.7)',
    long,
  }

  test.each(Object.entries(prompts))('both text encoders: %s', async (name, prompt) => {
    const g = golden('more/sdxl_mini_cond.safetensors')
    const { cond, pooled } = await clip.encode(prompt)
    expectLike(ends(cond), g(`${name}.cond_first8_last8`))
    expectLike(pooled!, g(`${name}.pooled`))
    expect(cond.shape).toEqual([1, name === 'long' ? 231 : 77, 2048])
  })

  test('the last layer, when it is asked for, without its norm', async () => {
    const g = golden('more/sdxl_mini_cond.safetensors')
    const { cond, pooled } = await clip.withStopAtLayer(-1).encode(plain)
    expectLike(ends(cond), g('plain.clip_last_layer-1.cond_first8_last8'))
    expectLike(pooled!, g('plain.clip_last_layer-1.pooled'))
  })

  test('CLIPTextEncodeSDXL: a prompt for each encoder, sizes', async () => {
    const g = golden('more/sdxl_mini_cond.safetensors')
    const item = await encodeNode(
      clip,
      [1024, 768, 16, 32, 832, 640],
      ['a photo of a cat', 'oil painting, (red:1.2)'],
    )
    expectLike(ends(item.cond), g('sdxl_node.cond_first8_last8'))
    expectLike(item.pooled!, g('sdxl_node.pooled'))
    const uneven = await encodeNode(clip, [512, 512, 0, 0, 512, 512], [long, 'short'])
    expectLike(ends(uneven.cond), g('sdxl_node_longg.cond_first8_last8'))
    expectLike(uneven.pooled!, g('sdxl_node_longg.pooled'))
  })

  test('embeddings for both encoders, or for one', async () => {
    const g = golden('more/ti_cond_sdxl.safetensors')
    const files = resolve(goldens, 'more/models/embeddings')
    cpSync(files, join(held.folder, 'embeddings'), { recursive: true })
    for (const [name, file] of [
      ['sdxl', 'sdxlemb'],
      ['foo_l_only', 'foo'],
    ]) {
      const { cond, pooled } = await clip.encode(`a photo of embedding:${file} in snow`)
      expectLike(ends(cond), g(`${name}.cond_first8_last8`))
      expectLike(pooled!, g(`${name}.pooled`))
    }
  })

  test('y: the sizes of the picture, when no node tells any', () => {
    const item = { cond: tensor([1, 0, 2048]), pooled: rnd('sdxl.pooled', [1, 1280]) }
    const y = model.admVector(item, { width: 768, height: 768 })!
    expectLike(y, golden('more/sdxl_mini_unet.safetensors')('y_defaults'))
  })

  test('UNet: odd sizes in a batch', async () => {
    const g = golden('more/sdxl_mini_unet.safetensors')
    const network = await model.network()
    const context = rnd('sdxl.ctx', [1, 77, 2048])
    const two = {
      x: g('odd.x'),
      timesteps: Float32Array.of(10, 700),
      context: twice(context),
      y: twice(g('y')),
    }
    expectLike(await network.forward(two), g('raw.odd.t10.t700'))
  })

  // 818 million random weights: half a minute.
  test.runIf(everything)('text encoders of full size', { timeout: 300_000 }, async () => {
    const g = golden('more/sdxl_fullclip_cond.safetensors')
    const pool = new SessionPool({ budgetBytes: 4e9 })
    const merges = resolve(repository, 'resources/tokenizers/clip/merges.txt.gz')
    const tokenizer = () => clipTokenizer(merges)
    const shared = { pool, tokenizer, openWeights: openSafetensors, embedding: () => undefined }
    const whole = openSafetensors(randomModel('more/keys/sdxl_full_clips.json'))
    const towers = [
      alone(whole, 'conditioner.embedders.0.transformer.'),
      alone(whole, 'conditioner.embedders.1.model.'),
    ]
    const encoder = openClip(towers, shared)
    for (const name of ['plain', 'weight'] as const) {
      const { cond, pooled } = await encoder.encode(prompts[name])
      expectLike(ends(cond), g(`${name}.cond_first8_last8`))
      expectLike(pooled!, g(`${name}.pooled`))
    }
    await pool.free()
  })
})

async function encodeNode(
  clip: TextEncoderModel,
  sizes: readonly [number, number, number, number, number, number],
  [text_g, text_l]: readonly [string, string],
): Promise<ConditioningItem> {
  const [width, height, crop_w, crop_h, target_width, target_height] = sizes
  const size = { width, height, crop_w, crop_h, target_width, target_height }
  const { CONDITIONING } = await clipTextEncodeSdxl.run(
    { clip, ...size, text_g, text_l },
    {} as RunContext,
  )
  return CONDITIONING[0]!
}

const expectLike = (got: Tensor, want: Tensor) => expectClose(got, want, tolerance)

/** Tokens `start` to `end` of a chunk. */
const rows = ({ data, shape }: Tensor, start: number, end: number): Tensor =>
  tensor([1, end - start, shape[2]!], data.slice(start * shape[2]!, end * shape[2]!))

/** One network of a checkpoint, as a file of its own would name it. */
function alone(weights: Weights, prefix: string): Weights {
  const own = [...weights.tensors].filter(([name]) => name.startsWith(prefix))
  const tensors = new Map(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
  return { ...weights, tensors }
}

function twice({ shape, data }: Tensor): Tensor {
  const out = tensor([2, ...shape.slice(1)])
  out.data.set(data)
  out.data.set(data, data.length)
  return out
}
