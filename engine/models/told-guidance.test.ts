// A consistency model's UNet against diffusers, which is told the guidance it was distilled with.
import { afterAll, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { discreteSampling } from '../sampling/model-sampling.ts'
import { tensor } from '../tensor.ts'
import { UnetModel } from './diffusion-model.ts'
import { addon, expected, QuickPool } from './fixtures/addons.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { apart, rnd } from './fixtures/goldens.ts'
import { sd1Latent } from './latent-formats.ts'
import { familiarNames } from './tensor-names.ts'
import { toldGuidance } from './told-guidance.ts'

const pool = new QuickPool()
afterAll(() => pool.free())
const unet = addon('unet')
const weights = familiarNames({
  ...unet,
  tensors: new Map([...unet.tensors, ...addon('lcm').tensors]),
})

test('a UNet with a projection of the guidance is told it, 8.5 where no node says another', async () => {
  const sampling = discreteSampling('lcm')
  const openWeights = openSafetensors
  const model = new UnetModel({ weights, pool, latent: sd1Latent, sampling, openWeights })
  const half = (name: string, shape: number[]) =>
    tensor(
      [1, ...shape.slice(1)],
      rnd(name, shape).data.slice(0, shape.reduce((a, b) => a * b) / 2),
    )
  const cond = half('context', [2, 5, 16])
  const draw = async (guidance?: number) => {
    const network = await model.network()
    return network.forward({
      x: half('x', [2, 4, 16, 16]),
      timesteps: Float32Array.of(500),
      context: cond,
      extras: model.extras({ cond, guidance }, { width: 128, height: 128 }),
    })
  }
  expectClose(await draw(7.5), expected('lcm'), 5e-5)
  expect(await draw()).toEqual(await draw(8.5))
  expect(apart(await draw(), expected('lcm'))).toBeGreaterThan(1e-4)
})

test('no guidance is no angle', () => {
  expect([...toldGuidance({ guidance: 1 }, 4).data]).toEqual([0, 0, 1, 1])
})
