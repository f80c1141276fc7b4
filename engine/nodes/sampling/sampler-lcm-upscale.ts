import { lcmUpscaleWith } from '../../sampling/samplers/lcm-upscale.ts'
import { choice, defineNode, float, int } from '../define.ts'

export const samplerLcmUpscale = defineNode({
  type: 'SamplerLCMUpscale',
  title: 'SamplerLCMUpscale',
  category: 'sampling/custom_sampling/samplers',
  about: 'LCM that begins with a small picture and enlarges it step by step.',
  inputs: {
    scale_ratio: float({
      default: 1,
      min: 0.1,
      max: 20,
      step: 0.01,
      about: 'How much larger the picture ends than the latent it begins with.',
    }),
    scale_steps: int({
      default: -1,
      min: -1,
      max: 1000,
      about: 'How many of the first steps enlarge it. -1: half of them.',
    }),
    upscale_method: choice(['bislerp', 'nearest-exact', 'bilinear', 'area', 'bicubic']),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ scale_ratio: ratio, scale_steps: steps, upscale_method: method }) => ({
    SAMPLER: { run: lcmUpscaleWith({ ratio, steps, method }) },
  }),
})
