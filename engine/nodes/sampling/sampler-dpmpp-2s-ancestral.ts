import { dpmpp2sAncestralWith } from '../../sampling/samplers/dpmpp.ts'
import { defineNode } from '../define.ts'
import { etaField, noiseField } from '../sampling-fields.ts'

export const samplerDpmpp2sAncestral = defineNode({
  type: 'SamplerDPMPP_2S_Ancestral',
  title: 'SamplerDPMPP_2S_Ancestral',
  category: 'sampling/custom_sampling/samplers',
  about: 'DPM-Solver++ with two looks a step and fresh noise after each.',
  inputs: {
    eta: etaField(),
    s_noise: noiseField(),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ eta, s_noise }) => ({
    SAMPLER: { run: dpmpp2sAncestralWith({ eta, noiseScale: s_noise }) },
  }),
})
