// Stable Diffusion's upscaler: its UNet against diffusers' (see fixtures/make-upscaler.py), and what
// it is shown.
import { resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import type { Weights } from '../inference/weights.ts'
import type { RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { prompt } from '../sampling/fixtures/stub-model.ts'
import { discreteSampling } from '../sampling/model-sampling.ts'
import { TorchGenerator } from '../sampling/noise.ts'
import { sample } from '../sampling/sample.ts'
import { runSigmas } from '../sampling/schedules.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { UnetModel } from './diffusion-model.ts'
import { QuickPool } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { cache, golden, rnd } from './fixtures/goldens.ts'
import { makeRandomModel } from './fixtures/random-weights.ts'
import type { Conditioning, Latent } from './kinds.ts'
import { upscalerLatent } from './latent-formats.ts'
import { checkLayout } from './layout.ts'
import { upscalerUnetLayout } from './layouts-diffusion.ts'
import { noiseLevel, smallPictureInput, upscalerBetas } from './small-picture.ts'
import { unetFacts, unetLabel, unetLatent, unetSampling } from './unet-family.ts'

const prefix = 'model.diffusion_model.'
const fixture = (name: string) => resolve(import.meta.dirname, 'fixtures', name)
const pool = new QuickPool()
afterAll(() => pool.free())

const file = makeRandomModel(
  fixture('upscaler.keys.json.gz'),
  resolve(cache, 'upscaler.safetensors'),
)
const weights: Weights = {
  ...openSafetensors(file),
  metadata: { 'comfyrunner.norm_groups': '8' },
}
const model = new UnetModel({
  weights,
  pool,
  joins: 'small picture',
  latent: upscalerLatent,
  sampling: discreteSampling('v', upscalerBetas),
  openWeights: openSafetensors,
})

test('the UNet is diffusers’', async () => {
  const network = await model.network()
  const got = await network.forward({
    x: rnd('x', [2, 7, 16, 16]),
    timesteps: new Float32Array(2).fill(500),
    context: rnd('context', [2, 5, 16]),
    y: tensor([2, 1], Float32Array.of(20, 350)),
  })
  const expected = golden(fixture('upscaler.safetensors'))
  expectClose(got, expected('upscaler'), 5e-5)
})

test('every tensor of it has its place', () => {
  expect(checkLayout(weights, prefix, upscalerUnetLayout)).toEqual([])
  const tensors = new Map(weights.tensors)
  tensors.delete(`${prefix}label_emb.weight`)
  expect(() => checkLayout({ ...weights, tensors }, prefix, upscalerUnetLayout)).toThrow(
    'label_emb.weight',
  )
})

test('it is told by its channels, its embedding of levels and the width of its text', () => {
  const shapes: Record<string, number[]> = {
    [`${prefix}input_blocks.0.0.weight`]: [256, 7, 3, 3],
    [`${prefix}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight`]: [512, 1024],
    [`${prefix}label_emb.weight`]: [1000, 1024],
  }
  const header = (without?: string): Weights => ({
    file: '/models/x4.safetensors',
    metadata: {},
    tensors: new Map(
      Object.entries(shapes)
        .filter(([name]) => name !== without)
        .map(([name, shape]) => [
          name,
          { type: 'F16', shape, file: '/models/x4.safetensors', offset: 0, length: 0 },
        ]),
    ),
  })
  const facts = unetFacts(header())
  expect(facts).toEqual({ family: 'sd2', joins: 'small picture' })
  if (typeof facts === 'string') throw new Error(facts)
  expect(unetLabel(header(), facts)).toBe('SD 2 (v) upscaler')
  expect(unetLatent(facts)).toMatchObject({ scale: 0.08333, downscale: 4 })
  // √((1 − ᾱ) / ᾱ) with ᾱ = 1 − 0.0001.
  expect(unetSampling(header(), facts).sigmaMin).toBeCloseTo(Math.sqrt(1e-4 / (1 - 1e-4)), 6)
  expect(unetFacts(header(`${prefix}label_emb.weight`))).toBe('a model of 7 channels')
})

describe('what it is shown', () => {
  const pixels = tensor([1, 3, 1, 2], Float32Array.of(-1, 1, 0.5, 0, 0.25, -0.25))
  const from = { samples: tensor([1, 4, 1, 2]), seed: 12n }

  test('the picture under noise of a level up to 350, that follows from the seed', () => {
    // ᾱ of the level as https://arxiv.org/abs/2006.11239, equation 4.
    const kept = (level: number) => {
      let product = 1
      for (let i = 0; i <= level; i++)
        product *= 1 - (0.01 + ((Math.sqrt(0.02) - 0.01) * i) / 999) ** 2
      return product
    }
    const noise = new TorchGenerator(2n).normal(6)
    for (const [share, level] of [
      [0, 0],
      [0.5, 175],
      [1, 350],
    ] as const) {
      const item = { smallPicture: { pixels, noiseAugmentation: share } }
      expect([...noiseLevel(item).data]).toEqual([level])
      const want = Array.from(
        pixels.data,
        (v, i) => Math.sqrt(kept(level)) * v + Math.sqrt(1 - kept(level)) * noise[i]!,
      )
      const got = smallPictureInput(item, from)
      expect(got.shape).toEqual([1, 3, 1, 2])
      for (const [i, v] of got.data.entries()) expect(v).toBeCloseTo(want[i]!, 5)
    }
  })

  test('nothing without a picture, and the size of the latent in any case', () => {
    expect(smallPictureInput({}, from)).toEqual(tensor([1, 3, 1, 2]))
    expect([...noiseLevel({}).data]).toEqual([0])
    const item = { smallPicture: { pixels, noiseAugmentation: 0 } }
    const larger = { samples: tensor([1, 4, 2, 4]), seed: 1n }
    expect(smallPictureInput(item, larger).shape).toEqual([1, 3, 2, 4])
  })
})

describe('SD_4XUpscale_Conditioning', () => {
  type Answer = { positive: Conditioning; negative: Conditioning; latent: Latent }
  const text = { cond: rnd('text', [1, 5, 16]) }
  const run = (images: Tensor, widgets = {}) =>
    nodeTypes.get('SD_4XUpscale_Conditioning')!.run(
      {
        ...{ images, positive: [text], negative: [prompt(0)] },
        ...{ scale_ratio: 4, noise_augmentation: 0.1, ...widgets },
      },
      {} as RunContext,
    ) as unknown as Answer

  test('shows the picture in −1..1 to both sides, with a latent of its size', () => {
    const images = tensor([1, 1, 2, 3], Float32Array.of(0, 0.5, 1, 1, 0.5, 0))
    const { positive, negative, latent } = run(images)
    const pixels = tensor([1, 3, 1, 2], Float32Array.of(-1, 1, 0, 0, 1, -1))
    expect(positive[0]).toEqual({ ...text, smallPicture: { pixels, noiseAugmentation: 0.1 } })
    expect(negative[0]!.smallPicture).toEqual(positive[0]!.smallPicture)
    expect(latent).toEqual({ samples: tensor([1, 4, 1, 2]) })
  })

  test('makes a smaller latent for a smaller ratio, and the picture fits it', () => {
    const { positive, latent } = run(tensor([2, 16, 24, 3]), { scale_ratio: 2.5 })
    expect(latent.samples.shape).toEqual([2, 4, 10, 15])
    expect(positive[0]!.smallPicture!.pixels.shape).toEqual([2, 3, 10, 15])
  })

  test('is what a run with the model needs', async () => {
    const { positive, latent } = run(tensor([1, 8, 8, 3]))
    const negative = [{ ...positive[0]!, cond: rnd('other', [1, 5, 16]) }]
    const sigmas = runSigmas(model.sampling, 'normal', { steps: 2 })
    const picture = { model, positive, negative, latent, sigmas, seed: 1n, cfg: 3 }
    const watch = { signal: new AbortController().signal, progress: () => {}, previews: true }
    const out = await sample({ ...picture, sampler: 'euler' }, watch)
    expect(out.shape).toEqual([1, 4, 8, 8])
    expect(out.data.every(Number.isFinite)).toBe(true)
  })
})
