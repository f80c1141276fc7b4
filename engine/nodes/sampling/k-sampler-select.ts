import { namedSampler, samplerNames } from '../../sampling/samplers/registry.ts'
import { choice, defineNode } from '../define.ts'

export const kSamplerSelect = defineNode({
  type: 'KSamplerSelect',
  title: 'KSamplerSelect',
  category: 'sampling/custom_sampling/samplers',
  about: 'The method by which noise is removed, for the custom samplers.',
  inputs: { sampler_name: choice(samplerNames) },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ sampler_name }) => ({ SAMPLER: namedSampler(sampler_name) }),
})
