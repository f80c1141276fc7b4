import { combine, matchLatent } from '../../sampling/latents.ts'
import { defineNode, socket } from '../define.ts'

export const latentAdd = defineNode({
  type: 'LatentAdd',
  title: 'LatentAdd',
  category: 'latent/advanced',
  about: 'Adds two latents.',
  inputs: { samples1: socket('LATENT'), samples2: socket('LATENT') },
  outputs: { LATENT: 'LATENT' },
  run({ samples1, samples2 }) {
    const other = matchLatent(samples1.samples, samples2.samples)
    return { LATENT: { ...samples1, samples: combine(samples1.samples, other, (a, b) => a + b) } }
  },
})
