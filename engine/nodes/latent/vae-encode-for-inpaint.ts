import { prepareInpaint } from '../../sampling/inpaint-pixels.ts'
import { defineNode, int, socket } from '../define.ts'

export const vaeEncodeForInpaint = defineNode({
  type: 'VAEEncodeForInpaint',
  title: 'VAE Encode (for Inpainting)',
  category: 'latent/inpaint',
  about: 'Turns pictures into latents with the masked part greyed out, to be drawn anew.',
  inputs: {
    pixels: socket('IMAGE'),
    vae: socket('VAE'),
    mask: socket('MASK', '1 where the picture is drawn anew.'),
    grow_mask_by: int({
      default: 6,
      min: 0,
      max: 64,
      about: 'How far the new part reaches over the edge of the mask, in pixels.',
    }),
  },
  outputs: { LATENT: 'LATENT' },
  async run({ pixels, vae, mask, grow_mask_by }, { signal, progress }) {
    const prepared = prepareInpaint(pixels, mask, grow_mask_by)
    const samples = await vae.encode(prepared.pixels, { signal, progress })
    return { LATENT: { samples, noiseMask: prepared.noiseMask } }
  },
})
