import { eulerCfgPp, eulerGuidedTwice } from '../../sampling/samplers/euler.ts'
import { choice, defineNode } from '../define.ts'

export const samplerEulerCfgPp = defineNode({
  type: 'SamplerEulerCFGpp',
  title: 'SamplerEulerCFG++',
  category: '_for_testing',
  about: 'Euler steps along the unconditional direction (CFG++). Wants a low cfg, about 1.',
  experimental: true,
  inputs: {
    version: choice(['regular', 'alternative'], {
      about: 'alternative guides more strongly, down to the last step.',
    }),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ version }) => ({
    SAMPLER: { run: version === 'regular' ? eulerCfgPp : eulerGuidedTwice },
  }),
})
