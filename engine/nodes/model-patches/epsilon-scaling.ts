import { epsilonScaling } from '../../sampling/guidance-scaling.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket } from '../define.ts'

export const epsilonScalingNode = defineNode({
  type: 'Epsilon Scaling',
  title: 'Epsilon Scaling',
  category: 'model_patches/unet',
  about:
    'Makes the predicted noise a little smaller, against the error that adds up over the steps.',
  inputs: {
    model: socket('MODEL'),
    scaling_factor: float({ default: 1.005, min: 0.5, max: 1.5, step: 0.001 }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, scaling_factor }) => ({
    MODEL: withGuidance(model, epsilonScaling(scaling_factor)),
  }),
})
