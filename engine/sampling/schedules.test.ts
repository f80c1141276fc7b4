import { describe, expect, test } from 'vitest'
import { recordComparison } from '../models/fixtures/parity-record.ts'
import { fixtureTensors } from './fixtures/tensors.ts'
import { discreteSampling } from './model-sampling.ts'
import { cutSigmas, runSigmas, type ScheduleName, scheduleNames, schedules } from './schedules.ts'

const goldens = fixtureTensors('sigmas.safetensors')
const model = discreteSampling('epsilon')

const difference = (a: Float32Array, b: Float32Array): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  const most = a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0)
  recordComparison(b, most)
  return most
}

describe('the trained schedule', () => {
  test('has ComfyUI’s sigmas exactly', () => {
    expect(model.sigmas).toEqual(goldens.get('sd15_eps.model_sigmas')!.data)
  })

  test('turns sigmas into timesteps and back', () => {
    const pairs = (name: string) => {
      const { data } = goldens.get(name)!
      return Array.from({ length: data.length / 2 }, (_, i) => [data[2 * i]!, data[2 * i + 1]!])
    }
    for (const [sigma, timestep] of pairs('sd15_eps.timestep_of_sigma'))
      expect(model.timestep(sigma!)).toBe(timestep)
    for (const [timestep, sigma] of pairs('sd15_eps.sigma_of_timestep'))
      expect(model.sigma(timestep!)).toBeCloseTo(sigma!, 6)
  })

  test('maps shares of a run to sigmas', () => {
    expect(model.percentToSigma(0)).toBeGreaterThan(model.sigmaMax)
    expect(model.percentToSigma(1)).toBe(0)
    expect(model.percentToSigma(0.5)).toBeCloseTo(model.sigma(499.5), 6)
  })
})

describe('schedules', () => {
  const stepCounts = [1, 2, 3, 4, 5, 8, 10, 20, 30, 50]
  test.each(scheduleNames)('%s', name => {
    for (const steps of stepCounts) {
      // ComfyUI divides by zero here.
      if (name === 'kl_optimal' && steps === 1) continue
      const golden = goldens.get(`sd15_eps.${name}.${steps}`)!
      const sigmas = schedules[name as ScheduleName](model, steps)
      expect(difference(sigmas, golden.data), `${steps} steps`).toBeLessThanOrEqual(1e-6)
    }
  })

  test('kl_optimal starts at the top with a single step', () => {
    const sigmas = schedules.kl_optimal(model, 1)
    expect(sigmas).toHaveLength(2)
    expect(sigmas[0]).toBeCloseTo(model.sigmaMax, 4)
  })

  test.each([0.3, 0.5, 0.75])('the end of a longer run at denoise %d', denoise => {
    for (const [sampler, discardPenultimate] of [
      ['euler', false],
      ['dpm_2', true],
    ] as const) {
      const golden = goldens.get(`ksampler.${sampler}.normal.steps10.denoise${denoise}`)!
      const sigmas = runSigmas(model, 'normal', { steps: 10, denoise, discardPenultimate })
      expect(difference(sigmas, golden.data), sampler).toBeLessThanOrEqual(1e-6)
    }
  })

  test('nothing is run at denoise 0', () => {
    expect(runSigmas(model, 'normal', { steps: 10, denoise: 0 })).toHaveLength(0)
  })
})

describe('parts of a run', () => {
  const sigmas = Float32Array.of(4, 3, 2, 1, 0)
  test.each([
    [{}, [4, 3, 2, 1, 0]],
    [{ from: 1, to: 3 }, [3, 2, 1]],
    [{ from: 1, to: 3, finish: true }, [3, 2, 0]],
    [{ from: 3, to: 10_000, finish: true }, [1, 0]],
    [{ from: 4 }, []],
    [{ from: 2, to: 2 }, []],
    [{ from: 0, to: 0, finish: true }, []],
  ])('%j', (part, left) => {
    expect([...cutSigmas(sigmas, part)]).toEqual(left)
    expect([...sigmas]).toEqual([4, 3, 2, 1, 0])
  })
})
