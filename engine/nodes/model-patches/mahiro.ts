import { mahiro } from '../../sampling/guidance-projection.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, socket } from '../define.ts'

export const mahiroNode = defineNode({
  type: 'Mahiro',
  title: 'Mahiro',
  category: '_for_testing',
  about: 'Follows the positive prompt more where it and the negative disagree.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
  },
  outputs: { patched_model: 'MODEL' },
  run: ({ model }) => ({ patched_model: withGuidance(model, mahiro) }),
})
