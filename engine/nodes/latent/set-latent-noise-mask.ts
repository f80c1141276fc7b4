import { maskBatch } from '../../sampling/latents.ts'
import { defineNode, socket } from '../define.ts'

export const setLatentNoiseMask = defineNode({
  type: 'SetLatentNoiseMask',
  title: 'Set Latent Noise Mask',
  category: 'latent/inpaint',
  about: 'Draws anew only where the mask is white and keeps the rest of the latent.',
  aliases: ['inpaint'],
  inputs: { samples: socket('LATENT'), mask: socket('MASK') },
  outputs: { LATENT: 'LATENT' },
  run: ({ samples, mask }) => ({ LATENT: { ...samples, noiseMask: maskBatch(mask) } }),
})
