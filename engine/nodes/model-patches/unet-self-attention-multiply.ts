import { attentionFields } from '../attention-fields.ts'
import { defineNode, socket } from '../define.ts'
import { multiplyAttention } from '../unet-change.ts'

export const unetSelfAttentionMultiply = defineNode({
  type: 'UNetSelfAttentionMultiply',
  title: 'UNet Self-Attention Multiply',
  category: '_for_testing/attention_experiments',
  about: 'Makes the picture look at itself more or less, in all layers of the UNet.',
  experimental: true,
  inputs: { model: socket('MODEL'), ...attentionFields },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, ...factors }) => ({
    MODEL: multiplyAttention(model, { layers: 'attn1', ...factors }, 'UNetSelfAttentionMultiply'),
  }),
})
