import { describe, expect, test } from 'vitest'
import { golden, missing, reason } from '../models/fixtures/goldens.ts'
import { recordComparison } from '../models/fixtures/parity-record.ts'
import { flowSampling, fluxSampling, fluxShift } from './flow-sampling.ts'
import { boundAt } from './model-sampling.ts'
import { scheduleNames, schedules } from './schedules.ts'

const models = {
  flow_shift3: flowSampling({ shift: 3, multiplier: 1000 }),
  flux_shift1_15: fluxSampling(1.15),
}
const stepCounts = [1, 2, 3, 4, 5, 8, 10, 20, 30, 50]

describe.skipIf(missing)(`flow schedules${reason}`, () => {
  const cases = Object.keys(models).flatMap(model =>
    scheduleNames.map(name => [model, name] as const),
  )
  test.each(cases)('%s, %s', (model, name) => {
    const wanted = golden('sigmas.safetensors')
    for (const steps of stepCounts) {
      // ComfyUI divides by zero here.
      if (name === 'kl_optimal' && steps === 1) continue
      const { data } = wanted(`${model}.${name}.${steps}`)
      const got = schedules[name](models[model as keyof typeof models], steps)
      expect(got, `${steps} steps`).toHaveLength(data.length)
      const apart = got.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0)
      recordComparison(data, apart)
      expect(apart, `${steps} steps`).toBeLessThanOrEqual(1e-6)
    }
  })

  test.each(Object.keys(models))('%s to the bit: ranges end at levels of the schedule', model => {
    const wanted = golden('sigmas.safetensors')
    for (const steps of stepCounts) {
      const got = schedules.simple(models[model as keyof typeof models], steps)
      expect([...got]).toEqual([...wanted(`${model}.simple.${steps}`).data])
    }
  })
})

test('shares of a run are noise levels between 1 and 0', () => {
  for (const model of Object.values(models)) {
    expect(model.percentToSigma(0)).toBe(1)
    expect(model.percentToSigma(1)).toBe(0)
    expect(model.percentToSigma(0.5)).toBeGreaterThan(0.5)
  }
})

test('shares are doubles; what a step’s own σ is compared with is float32', () => {
  const model = models.flow_shift3
  const exact = (3 * 0.8) / (1 + 2 * 0.8)
  expect(model.percentToSigma(0.2)).toBe(exact)
  expect(boundAt(model, 0.2)).toBe(Math.fround(exact))
  // A range that ends where a step begins has that step.
  expect(schedules.simple(model, 2)[1]).toBe(boundAt(model, 0.5))
})

test('larger pictures shift more', () => {
  expect(fluxShift({ width: 1024, height: 1024 }, 0.5, 1.15)).toBeCloseTo(1.15, 12)
  expect(fluxShift({ width: 256, height: 256 }, 0.5, 1.15)).toBeCloseTo(0.5, 12)
})
