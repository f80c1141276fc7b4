import { attentionFields } from '../attention-fields.ts'
import { defineNode, socket } from '../define.ts'
import { multiplyAttention } from '../unet-change.ts'

export const unetCrossAttentionMultiply = defineNode({
  type: 'UNetCrossAttentionMultiply',
  title: 'UNet Cross-Attention Multiply',
  category: '_for_testing/attention_experiments',
  about: 'Makes the picture look at the prompt more or less, in all layers of the UNet.',
  experimental: true,
  inputs: { model: socket('MODEL'), ...attentionFields },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, ...factors }) => ({
    MODEL: multiplyAttention(model, { layers: 'attn2', ...factors }, 'UNetCrossAttentionMultiply'),
  }),
})
