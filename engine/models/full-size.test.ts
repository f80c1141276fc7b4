// SD 1.5 at its real size, 860 million weights: against ComfyUI, and the ways of computing it.
import { beforeAll, describe, expect, test } from 'vitest'
import { scalesAt } from '../sampling/denoiser.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { goldenStore } from './fixtures/golden-store.ts'
import { apart, golden, missing, reason, rnd } from './fixtures/goldens.ts'
import type { DiffusionModel } from './kinds.ts'

/** Share of the largest value. */
const tolerance = 5e-5

describe.skipIf(missing)(`SD 1.5 at full size${reason}`, () => {
  const reference = golden('unet_full_16x16.safetensors')
  const held = goldenStore({ 'checkpoints/full.safetensors': 'random_sd15.keys.json' })
  let model: DiffusionModel

  beforeAll(async () => {
    model = (await held.store.checkpoint('full.safetensors')).model
  }, 240_000)

  const forward = async (x: Tensor, timestep: number, shape?: readonly number[]) =>
    (await model.network(shape)).forward({
      x,
      timesteps: Float32Array.of(timestep),
      context: reference('context'),
    })

  test('one pass is ComfyUI’s, and so is what it makes of the noise', async () => {
    const noise = reference('x')
    expectClose(await forward(noise, 999), reference('out.t999'), tolerance)
    const sigma = model.sampling.sigmaMax
    const { input, skip, output } = scalesAt(model.sampling, sigma)
    const noisy = noise.data.map(value => value * sigma)
    const scaled = tensor(
      noise.shape,
      noisy.map(value => value * input),
    )
    const answer = await forward(scaled, model.sampling.timestep(sigma))
    const denoised = noisy.map((value, i) => skip * value + output * answer.data[i]!)
    const wanted = reference('denoised.sigma14.6146')
    expectClose(tensor(noise.shape, denoised), wanted, tolerance)
  })

  test('large latents are computed another way, with the same outcome', async () => {
    const x = rnd('large latent', [1, 4, 56, 56])
    const usual = await forward(x, 500, x.shape)
    const small = await forward(x, 500)
    expect(usual.data).not.toEqual(small.data)
    expect(apart(usual, small)).toBeLessThan(tolerance)
  })
})
