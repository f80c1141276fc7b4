import { emptyPictureLatent } from '../empty-latents.ts'

export const emptyChromaRadianceLatentImage = emptyPictureLatent({
  type: 'EmptyChromaRadianceLatentImage',
  category: 'latent/chroma_radiance',
  about: 'Blank pictures, for Chroma Radiance draws on pixels themselves.',
  width: { default: 1024, min: 16, step: 16 },
  height: { default: 1024, min: 16, step: 16 },
  channels: 3,
  pixels: 1,
})
