import { emptyVideoLatent } from '../empty-latents.ts'

export const emptyLtxvLatentVideo = emptyVideoLatent({
  type: 'EmptyLTXVLatentVideo',
  category: 'latent/video/ltxv',
  about: 'Blank video latents of 128 channels, as LTX-Video draws on.',
  width: { default: 768, min: 64, step: 32 },
  height: { default: 512, min: 64, step: 32 },
  length: { default: 97, min: 1, step: 8 },
  channels: 128,
  pixels: 32,
  frames: 8,
})
