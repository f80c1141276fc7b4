import { joinLatents } from '../../sampling/latent-pieces.ts'
import { defineNode, socket } from '../define.ts'

export const latentBatch = defineNode({
  type: 'LatentBatch',
  title: 'LatentBatch',
  category: 'latent/batch',
  about: 'Joins two latents into a batch. The second takes the size of the first.',
  aliases: ['join', 'combine'],
  inputs: { samples1: socket('LATENT'), samples2: socket('LATENT') },
  outputs: { LATENT: 'LATENT' },
  run: ({ samples1, samples2 }) => ({ LATENT: joinLatents(samples1, samples2) }),
})
