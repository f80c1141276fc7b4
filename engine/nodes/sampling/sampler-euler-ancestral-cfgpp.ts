import { eulerCfgPpWith } from '../../sampling/samplers/euler.ts'
import { defineNode } from '../define.ts'
import { etaField, noiseField } from '../sampling-fields.ts'

export const samplerEulerAncestralCfgPp = defineNode({
  type: 'SamplerEulerAncestralCFGPP',
  title: 'SamplerEulerAncestralCFG++',
  category: 'sampling/custom_sampling/samplers',
  about:
    'Euler steps along the unconditional direction (CFG++), with fresh noise after each. Wants a low cfg.',
  inputs: {
    eta: etaField(1),
    s_noise: noiseField(10),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ eta, s_noise }) => ({ SAMPLER: { run: eulerCfgPpWith({ eta, noiseScale: s_noise }) } }),
})
