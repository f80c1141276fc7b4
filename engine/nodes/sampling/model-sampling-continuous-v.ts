import { continuousV } from '../../sampling/continuous-sampling.ts'
import { choice, defineNode, float, socket } from '../define.ts'

export const modelSamplingContinuousV = defineNode({
  type: 'ModelSamplingContinuousV',
  title: 'ModelSamplingContinuousV',
  category: 'advanced/model',
  about: 'Tells the sampler that a model predicts velocity over a continuous range of noise.',
  inputs: {
    model: socket('MODEL'),
    sampling: choice(['v_prediction']),
    sigma_max: float({ default: 500, min: 0, max: 1000, step: 0.001 }),
    sigma_min: float({ default: 0.03, min: 0, max: 1000, step: 0.001 }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, sigma_max: sigmaMax, sigma_min: sigmaMin }) => ({
    MODEL: model.withSampling(continuousV({ prediction: 'v', sigmaMin, sigmaMax })),
  }),
})
