import { defineNode, optional, socket } from '../define.ts'

export const referenceLatent = defineNode({
  type: 'ReferenceLatent',
  title: 'ReferenceLatent',
  category: 'advanced/conditioning/edit_models',
  about:
    'Shows an edit model a picture beside the one it draws, such as Flux Kontext the picture to ' +
    'change. Several can follow one another.',
  aliases: ['kontext', 'edit', 'image prompt'],
  inputs: {
    conditioning: socket('CONDITIONING'),
    latent: optional(socket('LATENT', 'The encoded picture.')),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning, latent }) => ({
    CONDITIONING: latent
      ? conditioning.map(item => ({
          ...item,
          referenceLatents: [...(item.referenceLatents ?? []), latent.samples],
        }))
      : conditioning,
  }),
})
