import { dpmpp3mSdeWith } from '../../sampling/samplers/dpmpp-sde.ts'
import { choice, defineNode } from '../define.ts'
import { etaField, noiseField } from '../sampling-fields.ts'

export const samplerDpmpp3mSde = defineNode({
  type: 'SamplerDPMPP_3M_SDE',
  title: 'SamplerDPMPP_3M_SDE',
  category: 'sampling/custom_sampling/samplers',
  about: 'DPM-Solver++ for the SDE, of third order from past steps.',
  inputs: {
    eta: etaField(),
    s_noise: noiseField(),
    noise_device: choice(['gpu', 'cpu'], {
      about: 'Kept for workflows: noise is always drawn on the CPU.',
    }),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ eta, s_noise }) => ({ SAMPLER: { run: dpmpp3mSdeWith({ eta, noiseScale: s_noise }) } }),
})
