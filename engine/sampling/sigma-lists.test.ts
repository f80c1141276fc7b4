import { describe, expect, test } from 'vitest'
import { continuousEdm, continuousV } from './continuous-sampling.ts'
import { fixtureTensors } from './fixtures/tensors.ts'
import { discreteSampling } from './model-sampling.ts'
import { betaSigmas, runSigmas, schedules, turboSigmas } from './schedules.ts'
import {
  alignYourStepsSigmas,
  exponentialSigmas,
  extendedSigmas,
  flippedSigmas,
  karrasSigmas,
  laplaceSigmas,
  polyexponentialSigmas,
  splitSigmas,
  splitSigmasByShare,
  vpSigmas,
} from './sigma-lists.ts'

const goldens = fixtureTensors('sigma-lists.safetensors')
const model = discreteSampling('epsilon')
const range = { sigmaMin: 0.0291675, sigmaMax: 14.614642 }

/** Relative above 1, absolute below. */
const difference = (a: Float32Array, b: Float32Array): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  return a.reduce((max, v, i) => Math.max(max, Math.abs(v - b[i]!) / Math.max(1, b[i]!)), 0)
}

describe('ramps are ComfyUI’s', () => {
  test.each([
    ['Karras', karrasSigmas(range, 10)],
    ['Exponential', exponentialSigmas(range, 10)],
    ['Polyexponential', polyexponentialSigmas(range, 10)],
    ['Laplace', laplaceSigmas(range, 10)],
    ['VP', vpSigmas(10)],
  ])('%s', (name, sigmas) => {
    expect(difference(sigmas, goldens.get(`node.${name}Scheduler`)!.data)).toBeLessThanOrEqual(1e-6)
  })
})

describe('Align Your Steps', () => {
  // NVIDIA gives its schedules as timesteps too; the noise levels there must be the same.
  test.each([
    ['SD1', [999, 850, 736, 645, 545, 455, 343, 233, 124, 24]],
    ['SDXL', [999, 845, 730, 587, 443, 310, 193, 116, 53, 13]],
  ] as const)('%s lies at its timesteps', (name, timesteps) => {
    const expected = Float32Array.from([...timesteps.map(model.sigma), 0])
    expect(difference(alignYourStepsSigmas(name, 10), expected)).toBeLessThanOrEqual(1e-6)
  })

  test('other numbers of steps keep the ends and lie between', () => {
    const sigmas = alignYourStepsSigmas('SD1', 20)
    const table = alignYourStepsSigmas('SD1', 10)
    expect(sigmas).toHaveLength(21)
    expect(sigmas[0]).toBeCloseTo(table[0]!, 4)
    expect(sigmas[2]).toBeCloseTo(table[1]!, 4)
    expect(sigmas[1]).toBeCloseTo(Math.sqrt(table[0]! * table[1]!), 4)
  })

  test('below denoise 1 the end is kept', () => {
    const whole = alignYourStepsSigmas('SDXL', 10)
    expect(alignYourStepsSigmas('SDXL', 10, 0.5)).toEqual(whole.slice(5))
    expect(alignYourStepsSigmas('SDXL', 10, 0)).toHaveLength(0)
  })
})

test('a beta schedule of the usual shape is the usual one', () => {
  expect(betaSigmas(model, 8)).toEqual(schedules.beta(model, 8))
  expect(betaSigmas(model, 8, { alpha: 1, beta: 1 })).not.toEqual(schedules.beta(model, 8))
})

test('turbo steps are hundreds of timesteps', () => {
  expect([...turboSigmas(model, 2)]).toEqual([model.sigma(999), model.sigma(899), 0])
  expect([...turboSigmas(model, 4, 0.2)]).toEqual([model.sigma(199), model.sigma(99), 0])
})

describe('continuous schedules', () => {
  const edm = continuousEdm({ prediction: 'edm', sigmaMin: 0.002, sigmaMax: 80 })

  test('EDM has ComfyUI’s sigmas in every schedule', () => {
    for (const [name, schedule] of Object.entries(schedules))
      for (const steps of [2, 3, 10, 30]) {
        const golden = goldens.get(`continuous_edm.${name}.${steps}`)!
        expect(difference(schedule(edm, steps), golden.data), `${name} ${steps}`).toBeLessThan(1e-6)
      }
  })

  test('time and noise turn into each other', () => {
    const v = continuousV({ prediction: 'v', sigmaMin: 0.03, sigmaMax: 500 })
    for (const sampling of [edm, v])
      for (const sigma of [0.05, 1, 40])
        expect(sampling.sigma(sampling.timestep(sigma)) / sigma).toBeCloseTo(1, 4)
    expect(v.timestep(1)).toBeCloseTo(0.5, 6)
    expect(edm.percentToSigma(0.5)).toBeCloseTo(Math.sqrt(0.002 * 80), 6)
  })

  test('an empty range is refused', () => {
    expect(() => continuousV({ prediction: 'v', sigmaMin: 3, sigmaMax: 2 })).toThrow(/sigma_min/)
  })
})

describe('lists', () => {
  const sigmas = Float32Array.of(8, 4, 2, 1, 0)

  test('split at a step share the level where they meet', () => {
    expect(splitSigmas(sigmas, 1)).toEqual({
      high: Float32Array.of(8, 4),
      low: Float32Array.of(4, 2, 1, 0),
    })
  })

  test.each([
    [0.5, [8, 4, 2], [2, 1, 0]],
    [1, [8], [8, 4, 2, 1, 0]],
    [0, [], [0]],
  ])('split by the share %d', (denoise, high, low) => {
    const parts = splitSigmasByShare(sigmas, denoise)
    expect([...parts.high]).toEqual(high)
    expect([...parts.low]).toEqual(low)
  })

  test('turned round do not start at 0', () => {
    expect([...flippedSigmas(sigmas)]).toEqual([Math.fround(0.0001), 1, 2, 4, 8])
    expect(flippedSigmas(new Float32Array(0))).toHaveLength(0)
    expect(sigmas[0]).toBe(8)
  })

  test('are cut finer in a range', () => {
    const cut = (spacing: 'linear' | 'sine') =>
      [...extendedSigmas(sigmas, { parts: 2, from: 5, to: 2, spacing })].map(v => +v.toFixed(4))
    expect(cut('linear')).toEqual([8, 4, 3, 2, 1.5, 1, 0])
    expect(cut('sine')).toEqual([8, 4, 3.4142, 2, 1.7071, 1, 0])
  })

  test('a run of the KSampler is made of them', () => {
    const { high, low } = splitSigmas(runSigmas(model, 'karras', { steps: 6 }), 3)
    expect([high.length, low.length, high.at(-1)]).toEqual([4, 4, low[0]])
  })
})
