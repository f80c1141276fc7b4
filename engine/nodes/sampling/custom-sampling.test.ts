import { describe, expect, test } from 'vitest'
import { prompt, stubModel } from '../../sampling/fixtures/stub-model.ts'
import type { Guider } from '../../sampling/guiders.ts'
import type { Noise } from '../../sampling/sample.ts'
import type { RunSampler, SamplerName } from '../../sampling/samplers/registry.ts'
import { runSigmas } from '../../sampling/schedules.ts'
import { tensor } from '../../tensor.ts'
import type { NodeType, RunContext } from '../define.ts'
import { nodeTypes } from '../index.ts'

const context = {
  signal: new AbortController().signal,
  progress: () => {},
  previews: false,
} as unknown as RunContext

/** A node's answer with its widgets at their defaults. */
async function run<T>(type: string, inputs: Record<string, unknown> = {}): Promise<T> {
  const node: NodeType = nodeTypes.get(type)!
  const defaults = Object.entries<{ widget?: { default?: unknown } }>(node.inputs)
    .filter(([, { widget }]) => widget)
    .map(([name, { widget }]) => [name, widget!.default])
  return (await node.run({ ...Object.fromEntries(defaults), ...inputs }, context)) as T
}

const model = stubModel()
const latent = { samples: tensor([1, 4, 8, 8]), batchIndex: [0] }
const sigmas = runSigmas(model.sampling, 'karras', { steps: 6 })
const positive = [prompt(1)]
const negative = [prompt(0.5)]
const guidance = { model, positive, negative, cfg: 3 }

const named = async (name: SamplerName) =>
  (await run<{ SAMPLER: RunSampler }>('KSamplerSelect', { sampler_name: name })).SAMPLER
type Drawn = { output: typeof latent; denoised_output: typeof latent }
const draw = (sampler: RunSampler, changes = {}) =>
  run<Drawn>('SamplerCustom', {
    ...guidance,
    ...{ noise_seed: 7n, sampler, sigmas, latent_image: latent, ...changes },
  })

/** With prompts as numbers, x0 at x = 0 and σ = 1 is minus what guidance makes of them. */
async function guided(type: string, inputs: Record<string, unknown>): Promise<number> {
  const { GUIDER } = await run<{ GUIDER: Guider }>(type, { model, ...inputs })
  const answers = new Map(
    GUIDER.prompts.map(({ conditioning: [item] }, i) => [i, -(item?.cond.data[0] ?? 0)]),
  )
  const x = tensor([1, 1, 1, 2])
  const { denoised } = await GUIDER.begin()(
    {
      x,
      sigma: 1,
      sampling: model.sampling,
      // Two pixels at right angles: prompts above 10 act on the second.
      askOwn: async (...places) =>
        places.map(place => {
          const value = answers.get(place)!
          return value < -10 ? Float32Array.of(0, value + 10) : Float32Array.of(value, 0)
        }),
      ask: () => Promise.reject(new Error('no other prompts')),
      askWeakened: () => Promise.reject(new Error('no other networks')),
      negative: {
        attention: () => undefined,
        ask: () => Promise.reject(new Error('no other networks')),
      },
    },
    false,
  )
  return -denoised[0]!
}

describe('SamplerCustom', () => {
  test('draws as KSampler with the same choices', async () => {
    const { LATENT } = await run<{ LATENT: typeof latent }>('KSampler', {
      ...guidance,
      ...{ seed: 7n, steps: 6, sampler_name: 'dpmpp_2m', scheduler: 'karras' },
      ...{ latent_image: latent, denoise: 1 },
    })
    const { output, denoised_output } = await draw(await named('dpmpp_2m'))
    expect(output).toEqual(LATENT)
    // The last step ends in x0.
    expect(denoised_output.samples).toEqual(output.samples)
  })

  test('gives the guess beside what is still noisy', async () => {
    const changes = { sigmas: sigmas.slice(0, 3) }
    const { output, denoised_output } = await draw(await named('euler'), changes)
    expect(denoised_output.samples).not.toEqual(output.samples)
  })

  test('adds no noise when told so', async () => {
    const euler = await named('euler')
    const still = await draw(euler, { add_noise: false })
    expect((await draw(euler, { add_noise: false, noise_seed: 8n })).output).toEqual(still.output)
    expect((await draw(euler)).output).not.toEqual(still.output)
  })

  test('does nothing without sigmas', async () => {
    const { output } = await draw(await named('euler'), { sigmas: new Float32Array(0) })
    expect(output.samples).toBe(latent.samples)
  })
})

test('SamplerCustomAdvanced draws as SamplerCustom from the same parts', async () => {
  const sampler = await named('dpmpp_2m_sde')
  const { NOISE } = await run<{ NOISE: Noise }>('RandomNoise', { noise_seed: 7n })
  const { GUIDER } = await run<{ GUIDER: Guider }>('CFGGuider', guidance)
  const parts = { guider: GUIDER, sampler, sigmas, latent_image: latent }
  const advanced = await run<Drawn>('SamplerCustomAdvanced', { ...parts, noise: NOISE })
  expect(advanced.output).toEqual((await draw(sampler)).output)
  const none = (await run<{ NOISE: Noise }>('DisableNoise')).NOISE
  const still = await run<Drawn>('SamplerCustomAdvanced', { ...parts, noise: none })
  expect(still.output).not.toEqual(advanced.output)
})

describe('sampler nodes', () => {
  const byName: [string, SamplerName, Record<string, unknown>][] = [
    ['SamplerEulerAncestral', 'euler_ancestral', {}],
    ['SamplerEulerAncestralCFGPP', 'euler_ancestral_cfg_pp', {}],
    ['SamplerLMS', 'lms', {}],
    ['SamplerDPMPP_2S_Ancestral', 'dpmpp_2s_ancestral', {}],
    ['SamplerDPMPP_SDE', 'dpmpp_sde', {}],
    ['SamplerDPMPP_2M_SDE', 'dpmpp_2m_sde', {}],
    ['SamplerDPMPP_2M_SDE', 'dpmpp_2m_sde_heun', { solver_type: 'heun' }],
    ['SamplerDPMPP_3M_SDE', 'dpmpp_3m_sde', {}],
    ['SamplerDPMAdaptative', 'dpm_adaptive', {}],
    ['SamplerER_SDE', 'er_sde', {}],
    ['SamplerSASolver', 'sa_solver', { model }],
    ['SamplerSASolver', 'sa_solver_pece', { model, use_pece: true }],
  ]
  test.each(byName)('%s is %s by default', async (type, name, inputs) => {
    const { SAMPLER } = await run<{ SAMPLER: RunSampler }>(type, inputs)
    expect((await draw(SAMPLER)).output).toEqual((await draw(await named(name))).output)
  })

  // Without fresh noise the seed only counts at the start, and the limit is a known ODE sampler.
  const limits: [string, SamplerName, Record<string, unknown>][] = [
    ['SamplerEulerAncestral', 'euler', { eta: 0 }],
    ['SamplerEulerAncestralCFGPP', 'euler_cfg_pp', { eta: 0 }],
    ['SamplerLMS', 'euler', { order: 1 }],
    ['SamplerDPMPP_2M_SDE', 'dpmpp_2m', { eta: 0 }],
    ['SamplerER_SDE', 'euler', { solver_type: 'ODE', max_stage: 1 }],
    ['SamplerER_SDE', 'euler', { solver_type: 'Reverse-time SDE', eta: 0, max_stage: 1 }],
    ['SamplerSASolver', 'euler', { model, eta: 0, predictor_order: 1, corrector_order: 0 }],
  ]
  test.each(limits)('%s becomes %s with %o', async (type, name, inputs) => {
    const { SAMPLER } = await run<{ SAMPLER: RunSampler }>(type, inputs)
    const [ours, known] = [await draw(SAMPLER), await draw(await named(name))]
    for (const [i, value] of ours.output.samples.data.entries())
      expect(value).toBeCloseTo(known.output.samples.data[i]!, 3)
  })

  test.each([
    ['SamplerDPMPP_SDE', { r: 0.3 }],
    ['SamplerDPMPP_3M_SDE', { s_noise: 0.5 }],
    ['SamplerDPMPP_2S_Ancestral', { eta: 0.4 }],
    ['SamplerDPMAdaptative', { order: 2, eta: 0.5, pcoeff: 0.2 }],
    ['SamplerSASolver', { model, simple_order_2: true, predictor_order: 2, corrector_order: 2 }],
  ])('%s takes %o', async (type, inputs) => {
    const [changed, usual] = [await run(type, inputs), await run(type, { model })]
    const [ours, other] = [changed, usual].map(async answer =>
      draw((answer as { SAMPLER: RunSampler }).SAMPLER),
    )
    const { samples } = (await ours!).output
    expect(samples.data.every(Number.isFinite)).toBe(true)
    expect(samples).not.toEqual((await other!).output.samples)
  })
})

describe('guiders', () => {
  test('BasicGuider follows one prompt', async () => {
    expect(await guided('BasicGuider', { conditioning: [prompt(3)] })).toBeCloseTo(3, 6)
  })

  const three = { cond1: [prompt(5)], cond2: [prompt(3)], negative: [prompt(1)] }
  const strengths = { cfg_conds: 2, cfg_cond2_negative: 4 }
  test('DualCFGGuider has a strength for each prompt', async () => {
    // 1 + 4 · (3 − 1) + 2 · (5 − 3)
    expect(await guided('DualCFGGuider', { ...three, ...strengths })).toBeCloseTo(13, 5)
    // 1 + 4 · (3 + 2 · (5 − 3) − 1)
    const nested = { ...three, ...strengths, style: 'nested' }
    expect(await guided('DualCFGGuider', nested)).toBeCloseTo(25, 5)
  })

  test('PerpNegGuider leaves out what of the negative agrees with the positive', async () => {
    const sides = { positive: [prompt(3)], empty_conditioning: [prompt(0)], cfg: 2 }
    expect(await guided('PerpNegGuider', { ...sides, negative: [prompt(2)] })).toBeCloseTo(6, 5)
    // At right angles it is taken away in full, from the other pixel.
    expect(await guided('PerpNegGuider', { ...sides, negative: [prompt(14)] })).toBeCloseTo(6, 5)
  })
})

describe('noise levels', () => {
  const levels = async (type: string, inputs = {}) =>
    (await run<{ SIGMAS: Float32Array }>(type, inputs)).SIGMAS

  test('BasicScheduler has KSampler’s', async () => {
    const inputs = { model, scheduler: 'karras', steps: 6 }
    expect(await levels('BasicScheduler', inputs)).toEqual(sigmas)
    expect(await levels('BasicScheduler', { ...inputs, denoise: 0.5 })).toHaveLength(7)
    // ddim_uniform has one more of 30, which KSampler runs and this leaves out.
    const ddim = await levels('BasicScheduler', { ...inputs, scheduler: 'ddim_uniform', steps: 30 })
    expect(ddim).toEqual(runSigmas(model.sampling, 'ddim_uniform', { steps: 30 }).slice(1))
  })

  test.each([
    ['KarrasScheduler', 21],
    ['ExponentialScheduler', 21],
    ['PolyexponentialScheduler', 21],
    ['LaplaceScheduler', 20],
    ['VPScheduler', 21],
    ['BetaSamplingScheduler', 21],
    ['SDTurboScheduler', 2],
    ['AlignYourStepsScheduler', 11],
  ])('%s descends over %d levels', async (type, count) => {
    const list = await levels(type, { model })
    expect(list).toHaveLength(count)
    expect([...list]).toEqual([...list].sort((a, b) => b - a))
  })

  test('ManualSigmas reads numbers however they are set apart', async () => {
    expect([...(await levels('ManualSigmas', { sigmas: '1.5, 1e-1;.25\n0' }))]).toEqual(
      [1.5, 0.1, 0.25, 0].map(Math.fround),
    )
  })

  test('can be cut, turned and set', async () => {
    const split = await run('SplitSigmas', { sigmas, step: 2 })
    expect(split).toEqual({ high_sigmas: sigmas.slice(0, 3), low_sigmas: sigmas.slice(2) })
    const share = await run('SplitSigmasDenoise', { sigmas, denoise: 0.5 })
    expect(share).toEqual({ high_sigmas: sigmas.slice(0, 4), low_sigmas: sigmas.slice(3) })
    expect((await levels('FlipSigmas', { sigmas }))[6]).toBe(sigmas[0])
    expect((await levels('SetFirstSigma', { sigmas, sigma: 99 }))[0]).toBe(99)
    expect(sigmas[0]).not.toBe(99)
    const finer = await levels('ExtendIntermediateSigmas', { sigmas, end_at_sigma: 10 })
    expect(finer).toHaveLength(sigmas.length + 1)
  })

  test('SamplingPercentToSigma knows the limits', async () => {
    const at = async (sampling_percent: number, return_actual_sigma = false) =>
      (
        await run<{ sigma_value: number }>('SamplingPercentToSigma', {
          ...{ model, sampling_percent, return_actual_sigma },
        })
      ).sigma_value
    expect(await at(0.5)).toBe(model.sampling.percentToSigma(0.5))
    expect(await at(0)).toBeGreaterThan(1e8)
    expect(await at(0, true)).toBe(model.sampling.sigmaMax)
    expect(await at(1, true)).toBe(model.sampling.sigmaMin)
  })
})

describe('AddNoise', () => {
  const noise: Noise = { seed: 0n, draw: () => new Float32Array(256).fill(2) }
  const noisy = async (levels: Float32Array) =>
    (
      await run<{ LATENT: typeof latent }>('AddNoise', {
        ...{ model, noise, sigmas: levels, latent_image: latent },
      })
    ).LATENT.samples.data[0]!

  test('adds what lies between the first and the last level', async () => {
    const { scale } = model.latent
    expect(await noisy(Float32Array.of(5, 3, 1))).toBeCloseTo((4 * 2) / scale, 3)
    expect(await noisy(Float32Array.of(5))).toBeCloseTo((5 * 2) / scale, 3)
    expect(await noisy(new Float32Array(0))).toBe(0)
  })
})

test('models can be read on a continuous schedule', async () => {
  const seen: unknown[] = []
  const withSampling = (sampling: unknown) => {
    seen.push(sampling)
    return model
  }
  const own = { ...stubModel(), withSampling }
  await run('ModelSamplingContinuousEDM', { model: own, sampling: 'edm' })
  await run('ModelSamplingContinuousV', { model: own })
  expect(seen).toMatchObject([{ prediction: 'edm' }, { prediction: 'v' }])
  const cosmos = run('ModelSamplingContinuousEDM', { model: own, sampling: 'cosmos_rflow' })
  await expect(cosmos).rejects.toThrow(/Cosmos/)
})

describe('SamplerEulerCFGpp', () => {
  const at = async (version: string, sigmas: number[]) => {
    const { SAMPLER } = await run<{ SAMPLER: RunSampler }>('SamplerEulerCFGpp', { version })
    const end = await SAMPLER.run({
      x: Float32Array.of(10),
      sigmas: Float32Array.from(sigmas),
      sampling: model.sampling,
      denoise: () => Promise.reject(new Error('the unconditional guess is needed')),
      denoiseBoth: async () => ({ denoised: Float32Array.of(3), uncond: Float32Array.of(2) }),
      noise: { gaussian: () => new Float32Array(1), brownian: () => () => new Float32Array(1) },
      step: () => {},
    })
    return end[0]
  }
  test('goes along the unconditional direction', async () => {
    // denoised + σ' · (x − uncond) / σ
    expect(await at('regular', [4, 2])).toBe(3 + (2 * (10 - 2)) / 4)
    expect(await at('regular', [4, 0])).toBe(3)
  })
  test('guides once more in its alternative', async () => {
    // x + (σ' − σ) · (x − denoised + uncond − denoised) / σ
    expect(await at('alternative', [4, 2])).toBe(10 - (2 * (10 - 3 + 2 - 3)) / 4)
    expect(await at('alternative', [4, 0])).toBe(3 + (3 - 2))
  })
})
