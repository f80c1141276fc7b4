import { watchingAttention, withGuidance } from '../../sampling/model-patches.ts'
import { selfAttentionGuidance } from '../../sampling/self-attention-guidance.ts'
import { defineNode, float, socket } from '../define.ts'

export const selfAttentionGuidanceNode = defineNode({
  type: 'SelfAttentionGuidance',
  title: 'Self-Attention Guidance',
  category: '_for_testing',
  about:
    'More coherent detail: keeps away from what a blurred picture becomes. Half as slow again.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    scale: float({ default: 0.5, min: -2, max: 5, step: 0.01 }),
    blur_sigma: float({
      default: 2,
      min: 0,
      max: 10,
      step: 0.1,
      about: 'How much is blurred where the model looks most, in latent pixels.',
    }),
  },
  outputs: { MODEL: 'MODEL' },
  run({ model, scale, blur_sigma }) {
    if (model.jointAttention)
      throw new Error(
        'SelfAttentionGuidance works with UNet models (SD 1.x, SD 2.x, SDXL) only. Remove the node ' +
          'for this model.',
      )
    return {
      MODEL: watchingAttention(withGuidance(model, selfAttentionGuidance(scale, blur_sigma))),
    }
  },
})
