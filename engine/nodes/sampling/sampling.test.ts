import { describe, expect, test } from 'vitest'
import { prompt, stubModel } from '../../sampling/fixtures/stub-model.ts'
import { tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { kSampler } from './k-sampler.ts'
import { kSamplerAdvanced } from './k-sampler-advanced.ts'

const context = {
  signal: new AbortController().signal,
  progress: () => {},
  previews: false,
} as unknown as RunContext

const shared = {
  model: stubModel(),
  steps: 6,
  cfg: 3,
  sampler_name: 'dpmpp_2m' as const,
  scheduler: 'karras' as const,
  positive: [prompt(1)],
  negative: [prompt(0.5)],
  latent_image: { samples: tensor([1, 4, 8, 8]), batchIndex: [2] },
}

const once = async (changes = {}) =>
  (await kSampler.run({ ...shared, seed: 7n, denoise: 1, ...changes }, context)).LATENT

const part = async (changes = {}) =>
  (
    await kSamplerAdvanced.run(
      {
        ...shared,
        add_noise: 'enable' as const,
        noise_seed: 7n,
        start_at_step: 0,
        end_at_step: 10_000,
        return_with_leftover_noise: 'disable' as const,
        ...changes,
      },
      context,
    )
  ).LATENT

describe('KSampler', () => {
  test('keeps what belongs to the latent', async () => {
    const { samples, batchIndex } = await once()
    expect(samples.shape).toEqual([1, 4, 8, 8])
    expect(batchIndex).toEqual([2])
  })

  test('draws another picture with another seed', async () => {
    expect((await once()).samples).toEqual((await once()).samples)
    expect((await once({ seed: 8n })).samples).not.toEqual((await once()).samples)
  })

  test('gives the latent back at denoise 0', async () => {
    expect((await once({ denoise: 0 })).samples).toBe(shared.latent_image.samples)
  })
})

describe('KSamplerAdvanced', () => {
  test('draws as KSampler when it does all steps', async () => {
    expect((await part()).samples).toEqual((await once()).samples)
  })

  test('goes on where another stopped', async () => {
    const sampler_name = 'euler'
    const start = { end_at_step: 3, return_with_leftover_noise: 'enable', sampler_name }
    const rest = { start_at_step: 3, add_noise: 'disable', sampler_name }
    const halfway = await part(start)
    const { samples } = await part({ ...rest, latent_image: halfway })
    const whole = (await once({ sampler_name })).samples
    for (const [i, value] of samples.data.entries()) expect(value).toBeCloseTo(whole.data[i]!, 3)
  })

  test('leaves no noise when it is not to go on', async () => {
    const noisy = await part({ end_at_step: 3, return_with_leftover_noise: 'enable' })
    const clean = await part({ end_at_step: 3 })
    expect(clean.samples).not.toEqual(noisy.samples)
  })

  test('does nothing after the last step', async () => {
    expect((await part({ start_at_step: 6 })).samples).toBe(shared.latent_image.samples)
  })
})
