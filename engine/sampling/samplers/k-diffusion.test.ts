// Samplers against k-diffusion (MIT, commit 4601bf0) with torch 2.15 and torchsde 0.2.6, on a denoiser in
// closed form. Few steps, uneven ones, ends above 0 and seeds past 2^53, where float32 and the order
// of the draws show. As in ComfyUI, LMS ends in x0 and Brownian paths are asked at the schedule's own sigmas.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { brownianNoise } from '../brownian.ts'
import { discreteSampling } from '../model-sampling.ts'
import { TorchGenerator } from '../noise.ts'
import { dpmAdaptiveWith } from './dpm-solver.ts'
import { dpmpp2sAncestralWith } from './dpmpp.ts'
import { dpmpp2mSdeWith, dpmpp3mSdeWith, dpmppSdeWith } from './dpmpp-sde.ts'
import { eulerAncestralWith } from './euler.ts'
import { lmsWith } from './lms.ts'
import { type SamplerName, samplers } from './registry.ts'
import type { Latents, Sampler } from './sampler.ts'

interface Case {
  sampler: SamplerName
  sigmas: number[]
  seed: string
  /** By k-diffusion's names. */
  options?: Record<string, number>
  end: number[]
}

const file = join(import.meta.dirname, 'fixtures/k-diffusion.json')
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]
const startSeed = 7n
const spread = 0.5
const f32 = Math.fround

function samplerOf({ sampler, options: o }: Case): Sampler {
  if (!o) return samplers[sampler]
  const noise = { eta: o.eta, noiseScale: o.s_noise }
  const withOptions: Partial<Record<SamplerName, Sampler>> = {
    euler_ancestral: eulerAncestralWith(noise),
    dpmpp_2s_ancestral: dpmpp2sAncestralWith(noise),
    dpmpp_sde: dpmppSdeWith({ ...noise, r: o.r }),
    dpmpp_2m_sde: dpmpp2mSdeWith(noise),
    dpmpp_2m_sde_heun: dpmpp2mSdeWith({ ...noise, solver: 'heun' }),
    dpmpp_3m_sde: dpmpp3mSdeWith(noise),
    lms: lmsWith(o.order!),
    dpm_adaptive: dpmAdaptiveWith({
      ...noise,
      order: o.order,
      relativeTolerance: o.rtol,
      absoluteTolerance: o.atol,
      firstStep: o.h_init,
      proportional: o.pcoeff,
      integral: o.icoeff,
      derivative: o.dcoeff,
      acceptSafety: o.accept_safety,
    }),
  }
  return withOptions[sampler]!
}

async function endOf(of: Case): Promise<Latents> {
  const sigmas = Float32Array.from(of.sigmas)
  const { length } = of.end
  const whole = f32(Math.sqrt(f32(1 + f32(sigmas[0]! ** 2))))
  const generator = new TorchGenerator(BigInt(of.seed))
  const denoise = async (x: Latents, sigma: number) =>
    x.map(v => (v * spread ** 2) / (spread ** 2 + sigma ** 2) + 0.3 * Math.sin(v / (1 + sigma)))
  return samplerOf(of)({
    x: new TorchGenerator(startSeed).normal(length).map(v => v * whole),
    sigmas,
    denoise,
    denoiseBoth: async (x, sigma) => {
      const denoised = await denoise(x, sigma)
      return { denoised, uncond: denoised }
    },
    sampling: discreteSampling('epsilon'),
    noise: {
      gaussian: () => generator.normal(length),
      brownian: () => brownianNoise(length, sigmas, BigInt(of.seed)),
    },
    step: () => {},
  })
}

const titled = cases.map(of => {
  const { sampler, sigmas, seed, options } = of
  return [
    `${sampler}, ${sigmas.join(' ')}, seed ${seed} ${JSON.stringify(options ?? {})}`,
    of,
  ] as const
})

test.each(titled)('%s', async (_, of) => {
  const got = await endOf(of)
  const largest = Math.max(...of.end.map(Math.abs))
  const apart = Math.max(...got.map((value, i) => Math.abs(value - of.end[i]!))) / largest
  // It chooses its steps by their error: the last bit of the denoiser already moves its end.
  expect(apart).toBeLessThan(of.sampler === 'dpm_adaptive' ? 5e-4 : 5e-5)
})
