import { defineNode, int, socket } from '../define.ts'

export const vaeEncodeTiled = defineNode({
  type: 'VAEEncodeTiled',
  title: 'VAE Encode (Tiled)',
  category: '_for_testing',
  about: 'Turns pictures into latents tile by tile: slower, but with little memory.',
  inputs: {
    pixels: socket('IMAGE'),
    vae: socket('VAE'),
    tile_size: int({ default: 512, min: 64, max: 4096, step: 64, about: 'In pixels.' }),
    overlap: int({ default: 64, min: 0, max: 4096, step: 32, about: 'How far tiles overlap.' }),
    temporal_size: int({ default: 64, min: 8, max: 4096, step: 4, about: 'Of video VAEs only.' }),
    temporal_overlap: int({ default: 8, min: 4, max: 4096, step: 4, about: 'Of video VAEs only.' }),
  },
  outputs: { LATENT: 'LATENT' },
  async run({ pixels, vae, tile_size: size, overlap }, { signal, progress }) {
    const tiles = { size, overlap }
    return { LATENT: { samples: await vae.encode(pixels, { signal, progress, tiles }) } }
  },
})
