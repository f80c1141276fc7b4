import { operationOnGuidance } from '../../sampling/guidance-projection.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, socket } from '../define.ts'

export const latentApplyOperationCfg = defineNode({
  type: 'LatentApplyOperationCFG',
  title: 'LatentApplyOperationCFG',
  category: 'latent/advanced/operations',
  about: 'Does something to the guidance at each step, such as holding it back.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    operation: socket('LATENT_OPERATION'),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, operation }) => ({
    MODEL: withGuidance(model, operationOnGuidance(operation)),
  }),
})
