import { sharpenLatent } from '../../sampling/latent-operations.ts'
import { defineNode, float, int } from '../define.ts'

export const latentOperationSharpen = defineNode({
  type: 'LatentOperationSharpen',
  title: 'LatentOperationSharpen',
  category: 'latent/advanced/operations',
  about: 'Sharpens a latent.',
  experimental: true,
  inputs: {
    sharpen_radius: int({ default: 9, min: 1, max: 31 }),
    sigma: float({ default: 1, min: 0.1, max: 10, step: 0.1 }),
    alpha: float({ default: 0.1, min: 0, max: 5, step: 0.01 }),
  },
  outputs: { LATENT_OPERATION: 'LATENT_OPERATION' },
  run: ({ sharpen_radius, sigma, alpha }) => ({
    LATENT_OPERATION: sharpenLatent(sharpen_radius, sigma, alpha),
  }),
})
