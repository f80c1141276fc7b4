import { prepareInpaint } from '../../sampling/inpaint-pixels.ts'
import { defineNode, socket, toggle } from '../define.ts'

export const inpaintModelConditioning = defineNode({
  type: 'InpaintModelConditioning',
  title: 'InpaintModelConditioning',
  category: 'conditioning/inpaint',
  about: 'Shows an inpainting model the picture and which part of it to draw anew.',
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    vae: socket('VAE'),
    pixels: socket('IMAGE'),
    mask: socket('MASK', '1 where the picture is drawn anew.'),
    noise_mask: toggle({
      default: true,
      about: 'Keeps everything outside of the mask exactly as it is.',
    }),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING', latent: 'LATENT' },
  async run({ positive, negative, vae, pixels, mask, noise_mask }, { signal, progress }) {
    const { pixels: grey, original, mask: joinedMask } = prepareInpaint(pixels, mask, 0)
    const joinedLatent = await vae.encode(grey, { signal, progress })
    const samples = await vae.encode(original, { signal, progress })
    const shown = { joinedLatent, joinedMask }
    return {
      positive: positive.map(item => ({ ...item, ...shown })),
      negative: negative.map(item => ({ ...item, ...shown })),
      latent: { samples, ...(noise_mask && { noiseMask: joinedMask }) },
    }
  },
})
