import { tangentialDamping } from '../../sampling/guidance-projection.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, socket } from '../define.ts'

export const tcfg = defineNode({
  type: 'TCFG',
  title: 'Tangential Damping CFG',
  category: 'advanced/guidance',
  about: 'Keeps of the negative only what bears on the positive.',
  inputs: {
    model: socket('MODEL'),
  },
  outputs: { patched_model: 'MODEL' },
  run: ({ model }) => ({ patched_model: withGuidance(model, tangentialDamping) }),
})
