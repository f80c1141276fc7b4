import { fluxSampling } from '../../sampling/flow-sampling.ts'
import { ltxvShift } from '../../sampling/sigma-lists.ts'
import { sizeOf } from '../../tensor.ts'
import { defineNode, float, optional, socket } from '../define.ts'

const shift = { min: 0, max: 100, step: 0.01 }

export const modelSamplingLtxv = defineNode({
  type: 'ModelSamplingLTXV',
  title: 'ModelSamplingLTXV',
  category: 'advanced/model',
  about: 'Moves the steps of a flow model to higher noise, the more the larger the latent is.',
  aliases: ['shift', 'schedule', 'flow'],
  inputs: {
    model: socket('MODEL'),
    max_shift: float({ default: 2.05, ...shift, about: 'At 4096 latent pixels.' }),
    base_shift: float({ default: 0.95, ...shift, about: 'At 1024 latent pixels.' }),
    latent: optional(socket('LATENT', 'Whose size counts; 4096 latent pixels without one.')),
  },
  outputs: { MODEL: 'MODEL' },
  run({ model, max_shift, base_shift, latent }) {
    const pixels = latent ? sizeOf(latent.samples.shape.slice(2)) : 4096
    const mu = ltxvShift(pixels, { base: base_shift, max: max_shift })
    return { MODEL: model.withSampling(fluxSampling(mu)) }
  },
})
