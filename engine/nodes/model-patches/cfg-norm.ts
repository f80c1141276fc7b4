import { cfgNorm } from '../../sampling/guidance-scaling.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket } from '../define.ts'

export const cfgNormNode = defineNode({
  type: 'CFGNorm',
  title: 'CFGNorm',
  category: 'advanced/guidance',
  about: 'Holds each pixel to the strength that it has without guidance.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    strength: float({ default: 1, min: 0, max: 100, step: 0.01 }),
  },
  outputs: { patched_model: 'MODEL' },
  run: ({ model, strength }) => ({ patched_model: withGuidance(model, cfgNorm(strength)) }),
})
