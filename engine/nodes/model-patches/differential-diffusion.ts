import { differentialMask } from '../../sampling/guidance-scaling.ts'
import { withMaskPatch } from '../../sampling/model-patches.ts'
import { defineNode, float, optional, socket } from '../define.ts'

export const differentialDiffusion = defineNode({
  type: 'DifferentialDiffusion',
  title: 'Differential Diffusion',
  category: '_for_testing',
  about: 'Soft inpainting: the whiter the noise mask, the more a place is changed.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    strength: optional(
      float({
        default: 1,
        min: 0,
        max: 1,
        step: 0.01,
        about: 'Below 1 the mask itself is mixed in.',
      }),
    ),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, strength = 1 }) => ({ MODEL: withMaskPatch(model, differentialMask(strength)) }),
})
