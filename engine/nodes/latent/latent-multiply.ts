import { tensor } from '../../tensor.ts'
import { defineNode, float, socket } from '../define.ts'

export const latentMultiply = defineNode({
  type: 'LatentMultiply',
  title: 'LatentMultiply',
  category: 'latent/advanced',
  about: 'Makes a latent stronger or weaker.',
  inputs: {
    samples: socket('LATENT'),
    multiplier: float({ default: 1, min: -10, max: 10, step: 0.01 }),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples: latent, multiplier }) {
    const { shape, data } = latent.samples
    const samples = tensor(
      shape,
      data.map(value => value * multiplier),
    )
    return { LATENT: { ...latent, samples } }
  },
})
