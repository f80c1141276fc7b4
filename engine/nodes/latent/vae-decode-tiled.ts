import { defineNode, int, socket } from '../define.ts'

export const vaeDecodeTiled = defineNode({
  type: 'VAEDecodeTiled',
  title: 'VAE Decode (Tiled)',
  category: '_for_testing',
  about: 'Turns latents into pictures tile by tile: slower, but with little memory.',
  inputs: {
    samples: socket('LATENT'),
    vae: socket('VAE'),
    tile_size: int({ default: 512, min: 64, max: 4096, step: 32, about: 'In pixels.' }),
    overlap: int({ default: 64, min: 0, max: 4096, step: 32, about: 'How far tiles overlap.' }),
    temporal_size: int({ default: 64, min: 8, max: 4096, step: 4, about: 'Of video VAEs only.' }),
    temporal_overlap: int({ default: 8, min: 4, max: 4096, step: 4, about: 'Of video VAEs only.' }),
  },
  outputs: { IMAGE: 'IMAGE' },
  async run({ samples, vae, tile_size: size, overlap }, { signal, progress }) {
    const tiles = { size, overlap: size < overlap * 4 ? Math.floor(size / 4) : overlap }
    return { IMAGE: await vae.decode(samples.samples, { signal, progress, tiles }) }
  },
})
