import { eulerAncestralWith } from '../../sampling/samplers/euler.ts'
import { defineNode } from '../define.ts'
import { etaField, noiseField } from '../sampling-fields.ts'

export const samplerEulerAncestral = defineNode({
  type: 'SamplerEulerAncestral',
  title: 'SamplerEulerAncestral',
  category: 'sampling/custom_sampling/samplers',
  about: 'Euler steps with fresh noise after each.',
  inputs: {
    eta: etaField(),
    s_noise: noiseField(),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ eta, s_noise }) => ({
    SAMPLER: { run: eulerAncestralWith({ eta, noiseScale: s_noise }) },
  }),
})
