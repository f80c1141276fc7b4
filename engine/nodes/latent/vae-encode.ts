import { defineNode, socket } from '../define.ts'

export const vaeEncode = defineNode({
  type: 'VAEEncode',
  title: 'VAE Encode',
  category: 'latent',
  about: 'Turns pictures into latents. Sides are cut to a multiple of 8.',
  aliases: ['img2img'],
  inputs: { pixels: socket('IMAGE'), vae: socket('VAE') },
  outputs: { LATENT: 'LATENT' },
  run: async ({ pixels, vae }, { signal, progress }) => ({
    LATENT: { samples: await vae.encode(pixels, { signal, progress }) },
  }),
})
