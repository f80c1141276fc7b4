import { describe, expect, test } from 'vitest'
import { recordComparison } from '../models/fixtures/parity-record.ts'
import { nodeTypes } from '../nodes/index.ts'
import { tensor } from '../tensor.ts'
import { continuousEdm, continuousV } from './continuous-sampling.ts'
import { fixtureTensors } from './fixtures/tensors.ts'
import { discreteSampling } from './model-sampling.ts'
import { betaSigmas, runSigmas, schedules, turboSigmas } from './schedules.ts'
import {
  alignYourStepsSigmas,
  exponentialSigmas,
  extendedSigmas,
  flippedSigmas,
  flux2Sigmas,
  karrasSigmas,
  laplaceSigmas,
  linspace,
  ltxvSigmas,
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
  const most = a.reduce((max, v, i) => Math.max(max, Math.abs(v - b[i]!) / Math.max(1, b[i]!)), 0)
  recordComparison(b, most)
  return most
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

// From torch 2.15. The middle of an odd number counts from the end.
test.each([
  [0, 1, 15, 7, 0.4999999701976776],
  [999, 0, 7, 3, 499.5],
  [1, 0.001, 1, 0, 1],
])('linspace(%d, %d, %d)[%d]', (start, end, count, i, wanted) => {
  expect(linspace(start, end, count)[i]).toBe(wanted)
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
  // However thin its end is, a run begins at the top.
  expect(betaSigmas(model, 8, { alpha: 0.6, beta: 10 })[0]).toBe(model.sigmas.at(-1))
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

describe('levels that depend on the size', () => {
  test('LTX-Video: the shift lies on a line through 1024 and 4096 latent pixels', () => {
    const shift = { base: 0.95, max: 2.05 }
    const half = (mu: number) => Math.exp(mu) / (Math.exp(mu) + 1)
    expect(ltxvSigmas(2, 1024, shift)[1]).toBeCloseTo(half(0.95), 6)
    expect(ltxvSigmas(2, 4096, shift)[1]).toBeCloseTo(half(2.05), 6)
    expect(ltxvSigmas(2, 2560, shift)[1]).toBeCloseTo(half(1.5), 6)
  })

  test('LTX-Video: stretched, the last level above 0 is the terminal one, the first stays 1', () => {
    const sigmas = ltxvSigmas(8, 4096, { base: 0.95, max: 2.05 }, 0.1)
    expect(sigmas[0]).toBe(1)
    expect(sigmas.at(-2)).toBeCloseTo(0.1, 6)
    expect(sigmas.at(-1)).toBe(0)
    expect([...ltxvSigmas(1, 4096, { base: 0.95, max: 2.05 }, 0.1)]).toEqual([1, 0])
  })

  test('Flux.2: at 10 and at 200 steps the fitted lines', () => {
    const muOf = (sigmas: Float32Array, t: number, i: number) =>
      Math.log(sigmas[i]!) - Math.log(1 - sigmas[i]!) + Math.log(1 / t - 1)
    // 1024 × 1024 are 4096 tokens.
    expect(muOf(flux2Sigmas(10, 1024, 1024), 0.5, 5)).toBeCloseTo(
      8.73809524e-5 * 4096 + 1.89833333,
      4,
    )
    expect(muOf(flux2Sigmas(200, 1024, 1024), 0.5, 100)).toBeCloseTo(
      0.00016927 * 4096 + 0.45666666,
      4,
    )
    // Above 4300 tokens the steps do not count.
    expect(flux2Sigmas(10, 2048, 1024)[5]).toBe(flux2Sigmas(20, 2048, 1024)[10])
  })

  test('their nodes', () => {
    const run = (type: string, inputs: Record<string, unknown>) =>
      nodeTypes.get(type)!.run(inputs, {} as never)
    const inputs = { steps: 4, max_shift: 2.05, base_shift: 0.95, terminal: 0.1 }
    const shift = { base: 0.95, max: 2.05 }
    expect(run('LTXVScheduler', { ...inputs, stretch: false })).toEqual({
      SIGMAS: ltxvSigmas(4, 4096, shift),
    })
    const latent = { samples: tensor([1, 128, 4, 16, 32]) }
    expect(run('LTXVScheduler', { ...inputs, stretch: true, latent })).toEqual({
      SIGMAS: ltxvSigmas(4, 4 * 16 * 32, shift, 0.1),
    })
    expect(run('Flux2Scheduler', { steps: 4, width: 512, height: 768 })).toEqual({
      SIGMAS: flux2Sigmas(4, 512, 768),
    })
  })
})
