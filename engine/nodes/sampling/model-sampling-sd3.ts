import { flowSampling } from '../../sampling/flow-sampling.ts'
import { defineNode, float, socket } from '../define.ts'

export const modelSamplingSd3 = defineNode({
  type: 'ModelSamplingSD3',
  title: 'ModelSamplingSD3',
  category: 'advanced/model',
  about: 'Moves the steps of a flow model to higher noise, as large pictures need it. For SD3.',
  aliases: ['shift', 'schedule', 'flow'],
  inputs: {
    model: socket('MODEL'),
    shift: float({ default: 3, min: 0, max: 100, step: 0.01, about: '1 leaves the steps even.' }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, shift }) => ({
    MODEL: model.withSampling(flowSampling({ shift, multiplier: 1000 })),
  }),
})
