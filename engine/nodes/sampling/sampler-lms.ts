import { lmsWith } from '../../sampling/samplers/lms.ts'
import { defineNode, int } from '../define.ts'

export const samplerLms = defineNode({
  type: 'SamplerLMS',
  title: 'SamplerLMS',
  category: 'sampling/custom_sampling/samplers',
  about: 'Steps along a polynomial through the last slopes.',
  inputs: {
    order: int({ default: 4, min: 1, max: 100, about: 'How many slopes are used.' }),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ order }) => ({ SAMPLER: { run: lmsWith(order) } }),
})
