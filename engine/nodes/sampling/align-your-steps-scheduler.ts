import { alignedModels, alignYourStepsSigmas } from '../../sampling/sigma-lists.ts'
import { choice, defineNode, int } from '../define.ts'
import { denoiseField } from '../sampling-fields.ts'

export const alignYourStepsScheduler = defineNode({
  type: 'AlignYourStepsScheduler',
  title: 'AlignYourStepsScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'Noise levels that were optimised for few steps, by NVIDIA’s Align Your Steps.',
  inputs: {
    model_type: choice(alignedModels),
    steps: int({ default: 10, min: 1, max: 10000 }),
    denoise: denoiseField(),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run: ({ model_type, steps, denoise }) => ({
    SIGMAS: alignYourStepsSigmas(model_type, steps, denoise),
  }),
})
