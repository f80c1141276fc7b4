import { describe, expect, test } from 'vitest'
import type { Latent } from '../models/kinds.ts'
import type { Preview } from '../nodes/define.ts'
import { tensor } from '../tensor.ts'
import { prompt, stubModel } from './fixtures/stub-model.ts'
import { initialNoise } from './noise.ts'
import { latentToRgb } from './preview.ts'
import { type SampleOptions, sample } from './sample.ts'
import { runSigmas } from './schedules.ts'

const model = stubModel()
const sigmas = runSigmas(model.sampling, 'normal', { steps: 5 })
const empty = (channels = 4): Latent => ({ samples: tensor([1, channels, 8, 8]) })

const options: SampleOptions = {
  model,
  positive: [prompt(1)],
  negative: [prompt(0)],
  latent: empty(),
  seed: 1n,
  cfg: 2,
  sampler: 'euler',
  sigmas,
}

function watch(previews = false, abortAfter = Number.POSITIVE_INFINITY) {
  const controller = new AbortController()
  const seen: { done: number; of: number; preview?: Preview }[] = []
  return {
    seen,
    previews,
    signal: controller.signal,
    progress(done: number, of: number, preview?: Preview) {
      seen.push({ done, of, preview })
      if (done >= abortAfter) controller.abort(new Error('stopped'))
    },
  }
}

describe('a run', () => {
  test('says how far it is', async () => {
    const watched = watch()
    const out = await sample(options, watched)
    expect(out.shape).toEqual([1, 4, 8, 8])
    expect(watched.seen).toEqual([1, 2, 3, 4, 5].map(done => ({ done, of: 5, preview: undefined })))
  })

  test('draws a film of one picture as that picture, and no longer ones', async () => {
    const film = (length: number) => ({ samples: tensor([1, 4, length, 8, 8]) })
    const out = await sample({ ...options, latent: film(1) }, watch())
    expect(out).toEqual(await sample(options, watch()))
    await expect(sample({ ...options, latent: film(3) }, watch())).rejects.toThrow(/film of 3/)
  })

  test('shows pictures to whoever looks, not at every step', async () => {
    const watched = watch(true)
    await sample(options, watched)
    const pictures = watched.seen.filter(({ preview }) => preview)
    expect(pictures.length).toBeGreaterThanOrEqual(1)
    expect(pictures.length).toBeLessThan(watched.seen.length)
    const { bytes, mime } = pictures[0]!.preview!
    expect(mime).toBe('image/jpeg')
    expect([...bytes.subarray(0, 2)]).toEqual([0xff, 0xd8])
  })

  test('stops between steps with the signal’s reason', async () => {
    const watched = watch(false, 2)
    await expect(sample(options, watched)).rejects.toThrow('stopped')
    expect(watched.seen).toHaveLength(2)
  })

  test('does nothing without sigmas', async () => {
    const latent = empty()
    const out = await sample({ ...options, latent, sigmas: new Float32Array(0) }, watch())
    expect(out).toBe(latent.samples)
    const wide = await sample({ ...options, latent: empty(16), sigmas: Float32Array.of() }, watch())
    expect(wide.shape).toEqual([1, 4, 8, 8])
  })

  test('gives an empty latent the channels of the model', async () => {
    const out = await sample({ ...options, latent: empty(16) }, watch())
    expect(out.shape).toEqual([1, 4, 8, 8])
  })

  test('refuses a picture of another family', async () => {
    const latent = { samples: tensor([1, 16, 8, 8], new Float32Array(1024).fill(1)) }
    await expect(sample({ ...options, latent }, watch())).rejects.toThrow(/16 channels.*VAE/s)
  })

  test('refuses what is no picture', async () => {
    const sound = { samples: tensor([1, 64, 16]) }
    await expect(sample({ ...options, latent: sound }, watch())).rejects.toThrow(
      'none of a picture',
    )
  })

  test('keeps what the noise mask does not name', async () => {
    const samples = tensor([1, 4, 8, 8], new Float32Array(256).fill(2))
    const half = tensor(
      [8, 8],
      Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? 1 : 0)),
    )
    const out = await sample({ ...options, latent: { samples, noiseMask: half } }, watch())
    expect(out.data[63]).toBeCloseTo(2, 4)
    expect(Math.abs(out.data[0]! - 2)).toBeGreaterThan(0.1)
  })

  test('ddim puts noise of the next seed under what a mask keeps', async () => {
    const keeps = { ...empty(), noiseMask: tensor([8, 8]) }
    const shown = async (changes: Partial<SampleOptions>) => {
      const own = stubModel()
      await sample({ ...options, ...changes, model: own }, watch())
      return own.asked[0]!.x.data
    }
    const kept = await shown({ sampler: 'ddim', latent: keeps, seed: 1n })
    const sigma = sigmas[0]!
    const noise = initialNoise([1, 4, 8, 8], 2n).data
    const wanted = noise.map(value => (value * sigma) / Math.hypot(1, sigma))
    for (const i of [0, 100, 255]) expect(kept[i]).toBeCloseTo(wanted[i]!, 5)
  })

  test('seeds past 2^53 differ by their last bit', async () => {
    const [a, b] = await Promise.all(
      [2n ** 60n, 2n ** 60n + 1n].map(seed => sample({ ...options, seed }, watch())),
    )
    expect(a!.data).not.toEqual(b!.data)
  })

  test.each(['dpmpp_2m_sde', 'euler_ancestral', 'ddim'] as const)(
    '%s runs with a mask and draws the same twice',
    async sampler => {
      const latent = { ...empty(), noiseMask: tensor([1, 8, 8], new Float32Array(64).fill(1)) }
      const once = () => sample({ ...options, sampler, latent }, watch())
      expect(await once()).toEqual(await once())
    },
  )
})

test('a preview maps channels to colours and clips them', () => {
  const format = {
    ...model.latent,
    channels: 2,
    rgb: [
      [1, 0, 0],
      [0, 10, 0],
    ],
  }
  expect([...latentToRgb(format, Float32Array.of(0, 1, -1, 1), 2)]).toEqual([
    127, 0, 127, 255, 255, 127,
  ])
})
