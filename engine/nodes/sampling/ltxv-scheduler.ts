import { ltxvSigmas } from '../../sampling/sigma-lists.ts'
import { sizeOf } from '../../tensor.ts'
import { defineNode, float, optional, socket, toggle } from '../define.ts'
import { stepsField } from '../sampling-fields.ts'

const shift = { min: 0, max: 100, step: 0.01 }

export const ltxvScheduler = defineNode({
  type: 'LTXVScheduler',
  title: 'LTXVScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'Noise levels of flow models, shifted the more the larger the latent is.',
  aliases: ['sigmas', 'ltx'],
  inputs: {
    steps: stepsField(),
    max_shift: float({ default: 2.05, ...shift, about: 'At 4096 latent pixels.' }),
    base_shift: float({ default: 0.95, ...shift, about: 'At 1024 latent pixels.' }),
    stretch: toggle({ default: true, about: 'Stretches the levels so that the last is terminal.' }),
    terminal: float({ default: 0.1, min: 0, max: 0.99, step: 0.01 }),
    latent: optional(socket('LATENT', 'Whose size counts; 4096 latent pixels without one.')),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run({ steps, max_shift, base_shift, stretch, terminal, latent }) {
    const pixels = latent ? sizeOf(latent.samples.shape.slice(2)) : 4096
    const shifts = { base: base_shift, max: max_shift }
    return { SIGMAS: ltxvSigmas(steps, pixels, shifts, stretch ? terminal : undefined) }
  },
})
