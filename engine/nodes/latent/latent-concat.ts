import { concatLatents } from '../../sampling/latent-pieces.ts'
import { choice, defineNode, socket } from '../define.ts'

export const latentConcat = defineNode({
  type: 'LatentConcat',
  title: 'LatentConcat',
  category: 'latent/advanced',
  about: 'Puts two latents side by side (x), above each other (y) or after each other (t).',
  aliases: ['join', 'stitch'],
  inputs: {
    samples1: socket('LATENT'),
    samples2: socket('LATENT'),
    dim: choice(['x', '-x', 'y', '-y', 't', '-t'], {
      about: 'With a minus the second comes first.',
    }),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples1, samples2, dim }) {
    const samples = concatLatents(samples1.samples, samples2.samples, dim)
    return { LATENT: { ...samples1, samples } }
  },
})
