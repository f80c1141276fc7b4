import { emptyPictureLatent } from '../empty-latents.ts'

export const emptyFlux2LatentImage = emptyPictureLatent({
  type: 'EmptyFlux2LatentImage',
  category: 'latent',
  about: 'Blank latents of 128 channels, as Flux.2 draws on.',
  width: { default: 1024, min: 16, step: 16 },
  height: { default: 1024, min: 16, step: 16 },
  channels: 128,
  pixels: 16,
})
