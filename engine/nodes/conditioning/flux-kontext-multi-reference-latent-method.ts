import { referenceMethods } from '../../models/reference-latents.ts'
import { choice, defineNode, socket } from '../define.ts'

export const fluxKontextMultiReferenceLatentMethod = defineNode({
  type: 'FluxKontextMultiReferenceLatentMethod',
  title: 'FluxKontextMultiReferenceLatentMethod',
  category: 'advanced/conditioning/flux',
  about: 'Says how Flux is to tell several reference pictures apart, as its version was trained.',
  aliases: ['reference', 'kontext', 'uno'],
  experimental: true,
  inputs: {
    conditioning: socket('CONDITIONING'),
    reference_latents_method: choice(referenceMethods, {
      about: 'Side by side (Kontext), each by its number, or diagonally (UNO, USO).',
    }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning, reference_latents_method: referenceMethod }) => ({
    CONDITIONING: conditioning.map(item => ({ ...item, referenceMethod })),
  }),
})
