import { emptyVideoLatent } from '../empty-latents.ts'

export const emptyHunyuanLatentVideo = emptyVideoLatent({
  type: 'EmptyHunyuanLatentVideo',
  category: 'latent/video',
  about: 'Blank video latents of 16 channels, as HunyuanVideo and Wan 2.1 draw on.',
  width: { default: 848, min: 16, step: 16 },
  height: { default: 480, min: 16, step: 16 },
  length: { default: 25, min: 1, step: 4 },
  channels: 16,
  pixels: 8,
  frames: 4,
})
