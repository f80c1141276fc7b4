import { describe, expect, test, vi } from 'vitest'
import type { PromptParts, TextEncoderModel } from '../../models/kinds.ts'
import { tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { fluxKontextImageScale } from '../image/flux-kontext-image-scale.ts'
import { emptySd3LatentImage } from '../latent/empty-sd3-latent-image.ts'
import { tripleClipLoader } from '../loaders/triple-clip-loader.ts'
import { clipTextEncodeFlux } from './clip-text-encode-flux.ts'
import { clipTextEncodeSd3 } from './clip-text-encode-sd3.ts'
import { fluxDisableGuidance } from './flux-disable-guidance.ts'
import { fluxGuidance } from './flux-guidance.ts'
import { fluxKontextMultiReferenceLatentMethod } from './flux-kontext-multi-reference-latent-method.ts'
import { referenceLatent } from './reference-latent.ts'
import { t5TokenizerOptions } from './t5-tokenizer-options.ts'

const context = {} as RunContext
const cond = tensor([1, 1, 1], Float32Array.of(7))

/** Remembers what it was asked. */
function recorder() {
  const encode = vi.fn(async (_: string | PromptParts) => ({ cond }))
  return { encode, clip: { encode } as unknown as TextEncoderModel }
}

describe('Flux', () => {
  test('guidance is set, replaced and switched off', async () => {
    const conditioning = [{ cond }]
    const { CONDITIONING } = await fluxGuidance.run({ conditioning, guidance: 2 }, context)
    expect(CONDITIONING).toEqual([{ cond, guidance: 2 }])
    const off = await fluxDisableGuidance.run({ conditioning: CONDITIONING }, context)
    expect(off.CONDITIONING).toEqual([{ cond, guidance: null }])
    expect(conditioning).toEqual([{ cond }])
  })

  test('how references are told apart', async () => {
    const inputs = { conditioning: [{ cond }], reference_latents_method: 'index' } as const
    const { CONDITIONING } = await fluxKontextMultiReferenceLatentMethod.run(inputs, context)
    expect(CONDITIONING).toEqual([{ cond, referenceMethod: 'index' }])
  })

  test('reference latents add up', async () => {
    const [a, b] = [tensor([1, 16, 2, 2]), tensor([1, 16, 4, 4])]
    const conditioning = [{ cond }]
    const one = await referenceLatent.run({ conditioning, latent: { samples: a } }, context)
    const two = await referenceLatent.run(
      { conditioning: one.CONDITIONING, latent: { samples: b } },
      context,
    )
    expect(two.CONDITIONING).toEqual([{ cond, referenceLatents: [a, b] }])
    const none = await referenceLatent.run({ conditioning, latent: undefined }, context)
    expect(none.CONDITIONING).toBe(conditioning)
  })

  test.each([
    [100, 100, 1024, 1024],
    [30, 70, 672, 1568],
    [90, 60, 1248, 832],
  ])('a picture of %d × %d becomes %d × %d for Kontext', async (width, height, wide, high) => {
    const image = tensor([1, height, width, 3], new Float32Array(height * width * 3).fill(0.5))
    const { IMAGE } = await fluxKontextImageScale.run({ image }, context)
    expect(IMAGE.shape).toEqual([1, high, wide, 3])
    expect(IMAGE.data[0]).toBeCloseTo(0.5, 2)
  })

  test('each encoder gets its own prompt', async () => {
    const { clip, encode } = recorder()
    const inputs = { clip, clip_l: 'ink', t5xxl: 'A drawing in ink.', guidance: 4 }
    const { CONDITIONING } = await clipTextEncodeFlux.run(inputs, context)
    expect(encode).toHaveBeenCalledWith({ l: 'ink', t5xxl: 'A drawing in ink.' })
    expect(CONDITIONING).toEqual([{ cond, guidance: 4 }])
  })
})

describe('Stable Diffusion 3', () => {
  const prompts = { clip_l: 'ink', clip_g: '', t5xxl: '' }
  test.each([
    ['none', { l: 'ink' }],
    ['empty_prompt', { l: 'ink', g: '', t5xxl: '' }],
  ] as const)('encoders without a prompt: %s', async (empty_padding, wanted) => {
    const { clip, encode } = recorder()
    await clipTextEncodeSd3.run({ clip, ...prompts, empty_padding }, context)
    expect(encode).toHaveBeenCalledWith(wanted)
  })

  test('three files make one text encoder', async () => {
    const { clip } = recorder()
    const textEncoder = vi.fn(async () => clip)
    const inputs = { clip_name1: 'l', clip_name2: 'g', clip_name3: 't5' }
    const models = { textEncoder } as never
    const { CLIP } = await tripleClipLoader.run(inputs, { ...context, models })
    expect(CLIP).toBe(clip)
    expect(textEncoder).toHaveBeenCalledWith(['l', 'g', 't5'], 'sd3')
  })

  test('an empty latent has 16 channels', async () => {
    const size = { width: 1024, height: 512, batch_size: 2 }
    const { LATENT } = await emptySd3LatentImage.run(size, context)
    expect(LATENT.samples.shape).toEqual([2, 16, 64, 128])
    expect(LATENT.samples.data.every(value => value === 0)).toBe(true)
  })
})

test('T5TokenizerOptions fills up for encoders with T5 and leaves others alone', async () => {
  const filled = {} as TextEncoderModel
  const withFilling = vi.fn(() => filled)
  const clip = { withFilling } as unknown as TextEncoderModel
  const options = { min_padding: 1, min_length: 5 }
  const run = async (encoder: TextEncoderModel) =>
    (await t5TokenizerOptions.run({ clip: encoder, ...options }, {} as RunContext)).CLIP
  expect(await run(clip)).toBe(filled)
  expect(withFilling.mock.calls).toEqual([[{ padding: 1, length: 5 }]])
  const other = {} as TextEncoderModel
  expect(await run(other)).toBe(other)
})
