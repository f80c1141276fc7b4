import { tonemapReinhard } from '../../sampling/latent-operations.ts'
import { defineNode, float } from '../define.ts'

export const latentOperationTonemapReinhard = defineNode({
  type: 'LatentOperationTonemapReinhard',
  title: 'LatentOperationTonemapReinhard',
  category: 'latent/advanced/operations',
  about: 'Holds strong places back, so that a high cfg does not burn.',
  experimental: true,
  inputs: {
    multiplier: float({
      default: 1,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Higher holds back less.',
    }),
  },
  outputs: { LATENT_OPERATION: 'LATENT_OPERATION' },
  run: ({ multiplier }) => ({ LATENT_OPERATION: tonemapReinhard(multiplier) }),
})
