import { defineNode, socket } from '../define.ts'

export const vaeDecode = defineNode({
  type: 'VAEDecode',
  title: 'VAE Decode',
  category: 'latent',
  about: 'Turns latents into pictures.',
  inputs: { samples: socket('LATENT'), vae: socket('VAE') },
  outputs: { IMAGE: 'IMAGE' },
  run: async ({ samples, vae }, { signal, progress }) => ({
    IMAGE: await vae.decode(samples.samples, { signal, progress }),
  }),
})
