import { emptyPictureLatent } from '../empty-latents.ts'

export const emptyHunyuanImageLatent = emptyPictureLatent({
  type: 'EmptyHunyuanImageLatent',
  category: 'latent',
  about: 'Blank latents of 64 channels, as HunyuanImage draws on.',
  width: { default: 2048, min: 64, step: 32 },
  height: { default: 2048, min: 64, step: 32 },
  channels: 64,
  pixels: 32,
})
