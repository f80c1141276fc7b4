import { expect, test } from 'vitest'
import type { NetworkInput } from '../../models/kinds.ts'
import type { RunContext } from '../../nodes/define.ts'
import { nodeTypes } from '../../nodes/index.ts'
import { tensor } from '../../tensor.ts'
import { prompt, stubModel } from '../fixtures/stub-model.ts'
import { cfgGuider } from '../guiders.ts'
import { randomNoise, sampleWith } from '../sample.ts'
import { runSigmas } from '../schedules.ts'
import { enlargements } from './lcm-upscale.ts'
import { type RunSampler, samplers } from './registry.ts'

const watch = { signal: new AbortController().signal, progress: () => {}, previews: true }

async function sampler(scale_ratio: number, scale_steps = -1): Promise<RunSampler> {
  const inputs = { scale_ratio, scale_steps, upscale_method: 'bilinear' }
  const { SAMPLER } = await nodeTypes.get('SamplerLCMUpscale')!.run(inputs, {} as RunContext)
  return SAMPLER as RunSampler
}

async function draw(by: RunSampler, latent = { samples: tensor([1, 4, 8, 12]) }) {
  const model = stubModel()
  const sigmas = runSigmas(model.sampling, 'simple', { steps: 4 })
  const guider = cfgGuider(model, [{ ...prompt(1), mask: tensor([1, 8, 12]) }, prompt(1)], [], 1)
  const run = { guider, sampler: by, sigmas, noise: randomNoise(5n), latent }
  const { output, denoised } = await sampleWith(run, watch)
  const sizes = model.asked.map(({ x }: NetworkInput) => x.shape.slice(-2).join('×'))
  return { output, denoised, sizes }
}

test('enlarges evenly, in half of the steps unless told', () => {
  expect(enlargements(2, -1, 4)).toEqual([1.5, 2])
  expect(enlargements(2, -1, 1)).toEqual([2])
  expect(enlargements(3, 4, 8)).toEqual([1.5, 2, 2.5, 3])
  expect(enlargements(3, 0, 8)).toEqual([])
  expect(enlargements(3, 9, 2)).toHaveLength(3)
})

test('the network sees larger and larger latents', async () => {
  const { output, denoised, sizes } = await draw(await sampler(2))
  expect(sizes).toEqual(['8×12', '12×18', '16×24', '16×24'])
  expect(output.shape).toEqual([1, 4, 16, 24])
  expect(denoised.shape).toEqual([1, 4, 16, 24])
  expect(output.data.every(Number.isFinite)).toBe(true)
})

test('the last step may enlarge too', async () => {
  const { output, denoised, sizes } = await draw(await sampler(3, 4))
  expect(sizes).toEqual(['8×12', '12×18', '16×24', '20×30'])
  expect(output.shape).toEqual([1, 4, 24, 36])
  expect(denoised.shape).toEqual([1, 4, 20, 30])
})

test('at ratio 1 it is LCM', async () => {
  const plain = await draw({ run: samplers.lcm })
  expect((await draw(await sampler(1))).output).toEqual(plain.output)
})

test('refuses a noise mask', async () => {
  const latent = { samples: tensor([1, 4, 8, 12]), noiseMask: tensor([1, 8, 12]) }
  await expect(draw(await sampler(2), latent)).rejects.toThrow('Remove the noise mask')
})
