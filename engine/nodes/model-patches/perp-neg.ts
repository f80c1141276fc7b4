import { perpNegPatch } from '../../sampling/guidance-projection.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket } from '../define.ts'

export const perpNegNode = defineNode({
  type: 'PerpNeg',
  title: 'Perp-Neg (replaced by PerpNegGuider)',
  category: '_for_testing',
  about: 'Keeps away from the negative only where it does not contradict the positive.',
  deprecated: true,
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    empty_conditioning: socket('CONDITIONING', 'The empty prompt.'),
    neg_scale: float({ default: 1, min: 0, max: 100, step: 0.01 }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, empty_conditioning, neg_scale }) => ({
    MODEL: withGuidance(model, perpNegPatch(empty_conditioning, neg_scale)),
  }),
})
