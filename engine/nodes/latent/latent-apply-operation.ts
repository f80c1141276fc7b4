import { defineNode, socket } from '../define.ts'

export const latentApplyOperation = defineNode({
  type: 'LatentApplyOperation',
  title: 'LatentApplyOperation',
  category: 'latent/advanced/operations',
  about: 'Does something to a latent, such as sharpening it.',
  experimental: true,
  inputs: { samples: socket('LATENT'), operation: socket('LATENT_OPERATION') },
  outputs: { LATENT: 'LATENT' },
  run: ({ samples: latent, operation }) => ({
    LATENT: { ...latent, samples: operation(latent.samples) },
  }),
})
