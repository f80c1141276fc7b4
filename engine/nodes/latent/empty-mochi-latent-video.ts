import { emptyVideoLatent } from '../empty-latents.ts'

export const emptyMochiLatentVideo = emptyVideoLatent({
  type: 'EmptyMochiLatentVideo',
  category: 'latent/video',
  about: 'Blank video latents of 12 channels, as Mochi draws on.',
  width: { default: 848, min: 16, step: 16 },
  height: { default: 480, min: 16, step: 16 },
  length: { default: 25, min: 7, step: 6 },
  channels: 12,
  pixels: 8,
  frames: 6,
})
