import { expect, test } from 'vitest'
import type { RunContext } from '../nodes/define.ts'
import { modelSamplingDiscrete } from '../nodes/sampling/model-sampling-discrete.ts'
import { scalesAt } from './denoiser.ts'
import { stubModel } from './fixtures/stub-model.ts'
import { discreteSampling, distilled, zeroTerminal } from './model-sampling.ts'

const plain = discreteSampling('epsilon')

test('a distilled schedule knows every twentieth timestep', () => {
  const lcm = distilled(plain)
  expect(lcm.sigmas.length).toBe(50)
  expect([lcm.sigmaMax, lcm.sigmaMin]).toEqual([plain.sigmaMax, plain.sigmas[19]])
  expect([lcm.timestep(lcm.sigmaMax), lcm.timestep(lcm.sigmaMin)]).toEqual([999, 19])
  expect(lcm.timestep(plain.sigmas[500]!)).toBe(499)
  expect(lcm.sigma(499)).toBeCloseTo(plain.sigmas[499]!, 5)
})

test('a zero terminal leaves the first σ and stretches the rest', () => {
  const stretched = zeroTerminal(plain)
  expect(stretched.sigmaMin).toBeCloseTo(plain.sigmaMin, 6)
  expect(stretched.sigmaMax).toBeGreaterThan(4000)
  const growing = stretched.sigmas.every((sigma, i) => i === 0 || sigma > stretched.sigmas[i - 1]!)
  expect(growing).toBe(true)
})

test.each([
  // At σ of the last timestep x0 counts for all but (0.5 / 10·t)².
  ['lcm', { input: 1 / Math.sqrt(2), skip: 1, output: -1 }],
  ['x0', { input: 1 / Math.sqrt(2), skip: 0, output: 1 }],
  ['img2img', { input: 1, skip: 0, output: 1 }],
] as const)('%s is read its own way', (prediction, want) => {
  const { input, skip, output } = scalesAt({ ...plain, prediction }, 1)
  expect(input).toBeCloseTo(want.input, 6)
  expect(skip).toBeCloseTo(want.skip, 6)
  expect(output).toBeCloseTo(want.output, 6)
})

test.each([
  ['eps', false, 'epsilon', 1000],
  ['v_prediction', true, 'v', 1000],
  ['lcm', false, 'lcm', 50],
  ['x0', false, 'x0', 1000],
  ['img_to_img', false, 'img2img', 1000],
] as const)('ModelSamplingDiscrete: %s, zsnr %s', async (name, zsnr, prediction, steps) => {
  const asked: [string, number, number][] = []
  const model = Object.assign(Object.create(stubModel()), {
    withSampling: (s: typeof plain) => asked.push([s.prediction, s.sigmas.length, s.sigmaMax]),
  })
  await modelSamplingDiscrete.run({ model, sampling: name, zsnr }, {} as RunContext)
  expect(asked).toEqual([[prediction, steps, zsnr ? expect.closeTo(4518.8, 0) : plain.sigmaMax]])
})
