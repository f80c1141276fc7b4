import { cutToBatch } from '../../sampling/latent-pieces.ts'
import { choice, defineNode, int, socket } from '../define.ts'

export const latentCutToBatch = defineNode({
  type: 'LatentCutToBatch',
  title: 'LatentCutToBatch',
  category: 'latent/advanced',
  about: 'Cuts a latent into stretches of one length and makes them a batch.',
  aliases: ['slice', 'split'],
  inputs: {
    samples: socket('LATENT'),
    dim: choice(['t', 'x', 'y']),
    slice_size: int({ default: 1, min: 1, max: 16384 }),
  },
  outputs: { LATENT: 'LATENT' },
  run: ({ samples: { samples }, dim, slice_size }) => ({
    LATENT: { samples: cutToBatch(samples, dim, slice_size) },
  }),
})
