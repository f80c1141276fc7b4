import { emptyVideoLatent } from '../empty-latents.ts'

export const emptyCosmosLatentVideo = emptyVideoLatent({
  type: 'EmptyCosmosLatentVideo',
  category: 'latent/video',
  about: 'Blank video latents of 16 channels, as Cosmos draws on.',
  width: { default: 1280, min: 16, step: 16 },
  height: { default: 704, min: 16, step: 16 },
  length: { default: 121, min: 1, step: 8 },
  channels: 16,
  pixels: 8,
  frames: 8,
})
