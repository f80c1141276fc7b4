import { flowSampling } from '../../sampling/flow-sampling.ts'
import { defineNode, float, socket } from '../define.ts'

export const modelSamplingAuraFlow = defineNode({
  type: 'ModelSamplingAuraFlow',
  title: 'ModelSamplingAuraFlow',
  category: 'advanced/model',
  about:
    'Moves the steps of a flow model to higher noise. For models whose timesteps go from 0 to 1, ' +
    'such as AuraFlow, Lumina and Qwen-Image.',
  aliases: ['shift', 'schedule', 'flow'],
  inputs: {
    model: socket('MODEL'),
    shift: float({
      default: 1.73,
      min: 0,
      max: 100,
      step: 0.01,
      about: '1 leaves the steps even.',
    }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, shift }) => ({
    MODEL: model.withSampling(flowSampling({ shift, multiplier: 1 })),
  }),
})
