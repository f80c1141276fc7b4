import { expect, test } from 'vitest'
import type { DiffusionModel } from '../../models/kinds.ts'
import { stubModel } from '../../sampling/fixtures/stub-model.ts'
import { tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { modelSamplingAuraFlow } from './model-sampling-aura-flow.ts'
import { modelSamplingFlux } from './model-sampling-flux.ts'
import { modelSamplingLtxv } from './model-sampling-ltxv.ts'
import { modelSamplingSd3 } from './model-sampling-sd3.ts'

const context = {} as RunContext

test('shifts move the middle of the schedule and keep its ends', async () => {
  const stub = stubModel()
  const model: DiffusionModel = { ...stub, withSampling: sampling => ({ ...stub, sampling }) }
  const sd3 = (await modelSamplingSd3.run({ model, shift: 3 }, context)).MODEL.sampling
  expect(sd3.prediction).toBe('flow')
  expect([sd3.timestep(1), sd3.sigma(500)]).toEqual([1000, 0.75])
  const aura = (await modelSamplingAuraFlow.run({ model, shift: 3 }, context)).MODEL.sampling
  expect([aura.timestep(1), aura.sigma(0.5)]).toEqual([1, 0.75])
  const shifts = { max_shift: 1.15, base_shift: 0.5 }
  const sized = async (side: number) =>
    (await modelSamplingFlux.run({ model, ...shifts, width: side, height: side }, context)).MODEL
  expect((await sized(1024)).sampling.sigma(0.5)).toBeCloseTo(Math.E ** 1.15 / (Math.E ** 1.15 + 1))
  expect((await sized(256)).sampling.sigma(0.5)).toBeCloseTo(Math.E ** 0.5 / (Math.E ** 0.5 + 1))
})

test('LTX-Video’s shift grows with the latent', async () => {
  const stub = stubModel()
  const model: DiffusionModel = { ...stub, withSampling: sampling => ({ ...stub, sampling }) }
  const middle = async (latent?: { samples: ReturnType<typeof tensor> }) => {
    const inputs = { model, max_shift: 2.05, base_shift: 0.95, latent }
    return (await modelSamplingLtxv.run(inputs, context)).MODEL.sampling.sigma(0.5)
  }
  const at = (mu: number) => Math.E ** mu / (Math.E ** mu + 1)
  expect(await middle()).toBeCloseTo(at(2.05))
  expect(await middle({ samples: tensor([1, 128, 4, 16, 16]) })).toBeCloseTo(at(0.95))
  expect(await middle({ samples: tensor([1, 128, 10, 16, 16]) })).toBeCloseTo(at(1.5))
})
