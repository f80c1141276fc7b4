import { continuousEdm } from '../../sampling/continuous-sampling.ts'
import { choice, defineNode, float, socket } from '../define.ts'

const predictions = { v_prediction: 'v', edm: 'edm', eps: 'epsilon' } as const
const otherFamilies = { 'edm_playground_v2.5': 'Playground v2.5', cosmos_rflow: 'Cosmos' } as const

export const modelSamplingContinuousEdm = defineNode({
  type: 'ModelSamplingContinuousEDM',
  title: 'ModelSamplingContinuousEDM',
  category: 'advanced/model',
  about: 'Tells the sampler that a model was trained on a continuous range of noise (EDM).',
  inputs: {
    model: socket('MODEL'),
    sampling: choice(['v_prediction', 'edm', 'edm_playground_v2.5', 'eps', 'cosmos_rflow'], {
      about: 'What the network predicts.',
    }),
    sigma_max: float({ default: 120, min: 0, max: 1000, step: 0.001 }),
    sigma_min: float({ default: 0.002, min: 0, max: 1000, step: 0.001 }),
  },
  outputs: { MODEL: 'MODEL' },
  run({ model, sampling, sigma_max: sigmaMax, sigma_min: sigmaMin }) {
    if (sampling === 'edm_playground_v2.5' || sampling === 'cosmos_rflow')
      throw new Error(
        `Models of ${otherFamilies[sampling]} cannot be drawn with by this version. For SD and SDXL models ` +
          'choose v_prediction, edm or eps.',
      )
    const prediction = predictions[sampling]
    return { MODEL: model.withSampling(continuousEdm({ prediction, sigmaMin, sigmaMax })) }
  },
})
