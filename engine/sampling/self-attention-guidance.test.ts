// Self-attention guidance against diffusers' masks and blur, on a small UNet of random weights.
import { afterAll, describe, expect, test } from 'vitest'
import { expected, QuickPool, smallUnet } from '../models/fixtures/addons.ts'
import { expectClose } from '../models/fixtures/expect-close.ts'
import { apart, rnd } from '../models/fixtures/goldens.ts'
import type { DiffusionModel } from '../models/kinds.ts'
import type { RunContext } from '../nodes/define.ts'
import { selfAttentionGuidanceNode } from '../nodes/model-patches/self-attention-guidance.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { cfgGuider } from './guiders.ts'
import { noNoise, sampleWith } from './sample.ts'

const pool = new QuickPool()
afterAll(() => pool.free())
const sigma = 3.3
const unet = smallUnet(pool)
const timed = unet.withSampling({ ...unet.sampling, timestep: () => 500 })

async function guided(inputs: { scale: number; blur_sigma: number }, size = 16, cfg = 7) {
  const node = await selfAttentionGuidanceNode.run({ model: timed, ...inputs }, {} as RunContext)
  return looked(node.MODEL, size, cfg)
}

/** One look at x = rnd·σ. */
async function looked(model: DiffusionModel, size = 16, cfg = 7): Promise<Tensor> {
  const shape = [2, 4, size, size]
  const x = rnd('x', shape).data.map(value => value * sigma)
  const [positive, negative] = ['context', 'negative'].map(name => [
    { cond: rnd(name, [2, 5, 16]) },
  ]) as [{ cond: Tensor }[], { cond: Tensor }[]]
  let seen = new Float32Array()
  const sampler = {
    run: async ({ denoise }: { denoise(x: Float32Array, sigma: number): Promise<Float32Array> }) =>
      (seen = Float32Array.from(await denoise(x, sigma))),
  }
  const watch = { signal: new AbortController().signal, progress: () => {}, previews: false }
  const guider = cfgGuider(model, positive, negative, cfg)
  const sigmas = Float32Array.of(sigma, 0)
  const latent = { samples: tensor(shape) }
  await sampleWith({ guider, sampler, sigmas, noise: noNoise(), latent }, watch)
  return tensor(shape, seen)
}

describe('Self-attention guidance', () => {
  test('as diffusers has it', async () => {
    const got = await guided({ scale: 0.5, blur_sigma: 2 })
    expectClose(got, expected('sag'), 5e-5)
    expect(apart(await looked(timed), expected('sag'))).toBeGreaterThan(1e-3)
  })

  test('what the middle looks at adds up to one look for each place', async () => {
    let attention: Tensor | undefined
    const network = await unet.network()
    const x = rnd('x', [2, 4, 16, 16])
    const scaled = x.data.map(value => (value * sigma) / Math.sqrt(sigma ** 2 + 1))
    await network.forward({
      x: tensor(x.shape, scaled),
      timesteps: Float32Array.of(500, 500),
      context: rnd('negative', [2, 5, 16]),
      watch: got => {
        attention = got
      },
    })
    expectClose(attention!, expected('sag.attention'), 5e-5)
    expect(attention!.data.slice(0, 4).reduce((a, b) => a + b)).toBeCloseTo(4, 4)
  })

  test('changes nothing at scale 0, nor latents too small to be blurred', async () => {
    const plain = await looked(timed)
    expect(await guided({ scale: 0, blur_sigma: 2 })).toEqual(plain)
    expect(await guided({ scale: 0.5, blur_sigma: 2 }, 4)).toEqual(await looked(timed, 4))
  })

  test('has a say at cfg 1', async () => {
    const got = await guided({ scale: 0.5, blur_sigma: 2 }, 16, 1)
    expect(apart(got, await looked(timed, 16, 1))).toBeGreaterThan(1e-3)
  })

  test('is for UNets', () => {
    const model = Object.assign(Object.create(timed), { jointAttention: true })
    expect(() =>
      selfAttentionGuidanceNode.run({ model, scale: 1, blur_sigma: 1 }, {} as RunContext),
    ).toThrow(/UNet/)
  })
})
