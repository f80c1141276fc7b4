import { describe, expect, test } from 'vitest'
import { brownianNoise } from '../brownian.ts'
import { flowSampling } from '../flow-sampling.ts'
import { discreteSampling } from '../model-sampling.ts'
import { TorchGenerator } from '../noise.ts'
import { runSigmas } from '../schedules.ts'
import { discardsPenultimate, type SamplerName, samplerNames, samplers } from './registry.ts'
import { saSolverWith } from './sa-solver.ts'
import type { Latents, Sampler, SamplerInput } from './sampler.ts'

// Data drawn from a normal distribution of mean `mean` and deviation `spread` has a denoiser in
// closed form. The ODE then has an exact end, and an SDE must end in samples of that distribution.
const mean = 0.7
const spread = 0.5
const size = 2048
const sampling = discreteSampling('epsilon')

const exactDenoiser = (x: Latents, sigma: number): Latents =>
  x.map(v => mean + ((v - mean) * spread ** 2) / (spread ** 2 + sigma ** 2))

/** Where the ODE takes `x` from `sigma` down to 0. */
const exactEnd = (x: Latents, sigma: number): Latents =>
  x.map(v => mean + ((v - mean) * spread) / Math.hypot(spread, sigma))

interface Run {
  end: Latents
  start: Latents
  looks: number
  reports: [number, number][]
}

async function run(name: SamplerName, steps: number, guidedAway = 0): Promise<Run> {
  const discardPenultimate = discardsPenultimate.has(name)
  const sigmas = runSigmas(sampling, 'karras', { steps, discardPenultimate })
  const unit = new TorchGenerator(1n).normal(size)
  const start = unit.map(v => mean + v * Math.hypot(spread, sigmas[0]!))
  const generator = new TorchGenerator(2n)
  let looks = 0
  const reports: [number, number][] = []
  const look = (x: Latents, sigma: number) => {
    looks++
    return exactDenoiser(x, sigma)
  }
  const input: SamplerInput = {
    x: start,
    sigmas,
    sampling,
    denoise: async (x, sigma) => look(x, sigma),
    denoiseBoth: async (x, sigma) => {
      const denoised = look(x, sigma)
      return { denoised, uncond: denoised.map(v => v + guidedAway) }
    },
    noise: {
      gaussian: () => generator.normal(size),
      brownian: () => brownianNoise(size, sigmas, 3n),
    },
    step: (done, of) => void reports.push([done, of]),
  }
  return { end: await samplers[name](input), start, looks, reports }
}

const moments = (values: Latents) => {
  const average = values.reduce((sum, v) => sum + v, 0) / values.length
  const square = values.reduce((sum, v) => sum + (v - average) ** 2, 0) / values.length
  return { mean: average, spread: Math.sqrt(square) }
}

/** The `_gpu` names stand for the same functions. */
const distinct = samplerNames.filter(name => !name.endsWith('_gpu'))
const stochastic = /ancestral|sde|ddpm|lcm|seeds|sa_solver/
const ode = distinct.filter(name => !stochastic.test(name))

test('the list is ComfyUI’s', () => {
  expect(samplerNames).toHaveLength(42)
  expect(samplerNames.slice(0, 3)).toEqual(['euler', 'euler_cfg_pp', 'euler_ancestral'])
  expect(samplerNames.at(-1)).toBe('uni_pc_bh2')
})

describe('ODE samplers reach the exact end, first order or better', () => {
  test.each(ode)('%s', async name => {
    const [coarse, fine] = [await run(name, 20), await run(name, 60)]
    const error = ({ end, start }: Run) => {
      const exact = exactEnd(start, sampling.sigmaMax)
      return end.reduce((largest, v, i) => Math.max(largest, Math.abs(v - exact[i]!)), 0)
    }
    // Values reach ±2; Euler errs by 0.1 at 60 steps.
    expect(error(fine)).toBeLessThan(0.12)
    // Its steps follow from the error it allows, not from the schedule.
    if (name !== 'dpm_adaptive')
      expect(error(fine)).toBeLessThan(Math.max(error(coarse) * 0.8, 2e-2))
  })
})

describe('stochastic samplers end in samples of the distribution', () => {
  test.each(distinct.filter(name => stochastic.test(name)))('%s', async name => {
    const { end } = await run(name, 60)
    const got = moments(end)
    expect(Math.abs(got.mean - mean)).toBeLessThan(0.03)
    // These two end narrow by design; a wrong amount of noise is far outside of the others'.
    const narrow = name === 'lcm' || name === 'dpmpp_2s_ancestral_cfg_pp'
    const tolerance = narrow ? 0.5 : 0.06
    expect(Math.abs(got.spread - spread)).toBeLessThan(tolerance)
  })
})

describe('every sampler', () => {
  test.each(distinct)('%s reports its steps in order and survives few of them', async name => {
    for (const steps of [1, 2, 3]) {
      const { end, reports } = await run(name, steps)
      expect(end.every(Number.isFinite), `${steps} steps`).toBe(true)
      const [done, of] = reports.at(-1)!
      expect(done).toBe(of)
      expect(reports.map(([d]) => d)).toEqual(reports.map(([d]) => d).sort((a, b) => a - b))
    }
  })

  test.each(distinct)('%s draws the same twice', async name => {
    expect((await run(name, 5)).end).toEqual((await run(name, 5)).end)
  })
})

test.each(samplerNames.filter(name => name.endsWith('cfg_pp')))(
  '%s takes its direction from the unconditional guess',
  async name => {
    expect((await run(name, 5, 0.3)).end).not.toEqual((await run(name, 5)).end)
  },
)

test('on a flow, SA-Solver’s range of noise counts in the model’s own σ', async () => {
  const flow = flowSampling({ shift: 3, multiplier: 1000 })
  const sigmas = runSigmas(flow, 'simple', { steps: 6 })
  const end = (sampler: Sampler) => {
    const generator = new TorchGenerator(2n)
    const denoise = async (x: Latents) => x.map(v => v / 2)
    return sampler({
      x: new TorchGenerator(1n).normal(32),
      sigmas,
      sampling: flow,
      denoise,
      denoiseBoth: async x => ({ denoised: await denoise(x), uncond: await denoise(x) }),
      noise: { gaussian: () => generator.normal(32), brownian: () => () => new Float32Array(32) },
      step: () => {},
    })
  }
  const [start, stop] = [flow.percentToSigma(0.2), flow.percentToSigma(0.8)]
  expect(await end(saSolverWith({ noiseRange: { start, end: stop } }))).toEqual(
    await end(samplers.sa_solver),
  )
})

test.each([
  ['euler', 10],
  ['dpmpp_2m', 10],
  ['heun', 19],
  ['dpm_2', 19],
  ['dpmpp_sde', 19],
  ['dpm_fast', 10],
  ['seeds_3', 28],
  ['uni_pc', 10],
] as const)('%s looks at the network %d times in 10 steps', async (name, looks) => {
  expect((await run(name, 10)).looks).toBe(looks)
})
