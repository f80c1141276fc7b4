import { fluxSampling, fluxShift } from '../../sampling/flow-sampling.ts'
import { defineNode, float, int, socket } from '../define.ts'

const shift = { min: 0, max: 100, step: 0.01 }
const side = { default: 1024, min: 16, max: 16384, step: 8 }

export const modelSamplingFlux = defineNode({
  type: 'ModelSamplingFlux',
  title: 'ModelSamplingFlux',
  category: 'advanced/model',
  about: 'Moves the steps of Flux to higher noise, by as much as the size of the picture needs.',
  aliases: ['shift', 'schedule', 'flow'],
  inputs: {
    model: socket('MODEL'),
    max_shift: float({ ...shift, default: 1.15, about: 'For 1024 × 1024 pixels.' }),
    base_shift: float({ ...shift, default: 0.5, about: 'For 256 × 256 pixels.' }),
    width: int({ ...side, about: 'Of the picture, in pixels.' }),
    height: int({ ...side, about: 'Of the picture, in pixels.' }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, max_shift, base_shift, width, height }) => ({
    MODEL: model.withSampling(fluxSampling(fluxShift({ width, height }, base_shift, max_shift))),
  }),
})
