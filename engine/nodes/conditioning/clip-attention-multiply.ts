import { attentionFields } from '../attention-fields.ts'
import { defineNode, socket } from '../define.ts'

export const clipAttentionMultiply = defineNode({
  type: 'CLIPAttentionMultiply',
  title: 'CLIP Attention Multiply',
  category: '_for_testing/attention_experiments',
  about: 'Makes the words of a prompt look at one another more or less, in all layers of CLIP.',
  experimental: true,
  inputs: { clip: socket('CLIP'), ...attentionFields },
  outputs: { CLIP: 'CLIP' },
  run({ clip, ...factors }) {
    if (!clip.withFactors)
      throw new Error(
        'CLIPAttentionMultiply works with CLIP text encoders only. Remove the node for this model.',
      )
    return { CLIP: clip.withFactors({ layers: 'self_attn', ...factors }) }
  },
})
