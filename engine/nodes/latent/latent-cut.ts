import { cutLatent } from '../../sampling/latent-pieces.ts'
import { choice, defineNode, int, socket } from '../define.ts'

export const latentCut = defineNode({
  type: 'LatentCut',
  title: 'LatentCut',
  category: 'latent/advanced',
  about: 'Cuts a stretch out of a latent along its width, height or time.',
  aliases: ['slice'],
  inputs: {
    samples: socket('LATENT'),
    dim: choice(['x', 'y', 't']),
    index: int({ default: 0, min: -16384, max: 16384, about: 'Below 0 it counts from the end.' }),
    amount: int({ default: 1, min: 1, max: 16384 }),
  },
  outputs: { LATENT: 'LATENT' },
  run: ({ samples: latent, dim, index, amount }) => ({
    LATENT: { ...latent, samples: cutLatent(latent.samples, dim, index, amount) },
  }),
})
