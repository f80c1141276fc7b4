// Samplers by ComfyUI's names and in its order: what KSampler offers.
import { ddpm, lcm } from './ddpm.ts'
import { deis } from './deis.ts'
import { dpm2, dpm2Ancestral } from './dpm-2.ts'
import { dpmAdaptive, dpmFast } from './dpm-solver.ts'
import { dpmpp2m, dpmpp2mCfgPp, dpmpp2sAncestral, dpmpp2sAncestralCfgPp } from './dpmpp.ts'
import { dpmpp2mSde, dpmpp2mSdeHeun, dpmpp3mSde, dpmppSde } from './dpmpp-sde.ts'
import { erSde } from './er-sde.ts'
import { euler, eulerAncestral, eulerAncestralCfgPp, eulerCfgPp } from './euler.ts'
import { gradientEstimation, gradientEstimationCfgPp } from './gradient-estimation.ts'
import { heun, heunPlusPlus2 } from './heun.ts'
import { ipndm, ipndmV } from './ipndm.ts'
import { lms } from './lms.ts'
import {
  resMultistep,
  resMultistepAncestral,
  resMultistepAncestralCfgPp,
  resMultistepCfgPp,
} from './res-multistep.ts'
import { saSolver, saSolverPece } from './sa-solver.ts'
import type { Sampler } from './sampler.ts'
import { seeds2, seeds3 } from './seeds.ts'
import { uniPc, uniPcBh2 } from './uni-pc.ts'

/** `_gpu` names differ only in where ComfyUI draws the noise; without a GPU they are the same. */
export const samplers = {
  euler,
  euler_cfg_pp: eulerCfgPp,
  euler_ancestral: eulerAncestral,
  euler_ancestral_cfg_pp: eulerAncestralCfgPp,
  heun,
  heunpp2: heunPlusPlus2,
  dpm_2: dpm2,
  dpm_2_ancestral: dpm2Ancestral,
  lms,
  dpm_fast: dpmFast,
  dpm_adaptive: dpmAdaptive,
  dpmpp_2s_ancestral: dpmpp2sAncestral,
  dpmpp_2s_ancestral_cfg_pp: dpmpp2sAncestralCfgPp,
  dpmpp_sde: dpmppSde,
  dpmpp_sde_gpu: dpmppSde,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_cfg_pp: dpmpp2mCfgPp,
  dpmpp_2m_sde: dpmpp2mSde,
  dpmpp_2m_sde_gpu: dpmpp2mSde,
  dpmpp_2m_sde_heun: dpmpp2mSdeHeun,
  dpmpp_2m_sde_heun_gpu: dpmpp2mSdeHeun,
  dpmpp_3m_sde: dpmpp3mSde,
  dpmpp_3m_sde_gpu: dpmpp3mSde,
  ddpm,
  lcm,
  ipndm,
  ipndm_v: ipndmV,
  deis,
  res_multistep: resMultistep,
  res_multistep_cfg_pp: resMultistepCfgPp,
  res_multistep_ancestral: resMultistepAncestral,
  res_multistep_ancestral_cfg_pp: resMultistepAncestralCfgPp,
  gradient_estimation: gradientEstimation,
  gradient_estimation_cfg_pp: gradientEstimationCfgPp,
  er_sde: erSde,
  seeds_2: seeds2,
  seeds_3: seeds3,
  sa_solver: saSolver,
  sa_solver_pece: saSolverPece,
  ddim: euler,
  uni_pc: uniPc,
  uni_pc_bh2: uniPcBh2,
} satisfies Record<string, Sampler>

export type SamplerName = keyof typeof samplers
export const samplerNames = Object.keys(samplers) as SamplerName[]

/** Samplers that would step over the end at the last σ above 0. */
export const discardsPenultimate: ReadonlySet<SamplerName> = new Set([
  'dpm_2',
  'dpm_2_ancestral',
  'uni_pc',
  'uni_pc_bh2',
])

/** Samplers that put fresh noise, not the run's own, into the kept part of an inpainting. */
export const freshInpaintNoise: ReadonlySet<SamplerName> = new Set(['ddim'])

/** SAMPLER */
export interface RunSampler {
  run: Sampler
  freshInpaintNoise?: boolean
}

export const namedSampler = (name: SamplerName): RunSampler => ({
  run: samplers[name],
  freshInpaintNoise: freshInpaintNoise.has(name),
})
