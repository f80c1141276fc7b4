import { cfgZeroStar } from '../../sampling/guidance-projection.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, socket } from '../define.ts'

export const cfgZeroStarNode = defineNode({
  type: 'CFGZeroStar',
  title: 'CFGZeroStar',
  category: 'advanced/guidance',
  about: 'Fits the length of the negative answer to the positive before guiding (CFG-Zero*).',
  inputs: {
    model: socket('MODEL'),
  },
  outputs: { patched_model: 'MODEL' },
  run: ({ model }) => ({ patched_model: withGuidance(model, cfgZeroStar) }),
})
