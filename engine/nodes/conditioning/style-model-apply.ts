import { withStyle } from '../../sampling/conditioning.ts'
import { choice, defineNode, float, socket } from '../define.ts'

export const styleModelApply = defineNode({
  type: 'StyleModelApply',
  title: 'Apply Style Model',
  category: 'conditioning/style_model',
  about: 'Adds what a picture looks like to a prompt, as further words of it.',
  aliases: ['redux', 'image prompt'],
  inputs: {
    conditioning: socket('CONDITIONING'),
    style_model: socket('STYLE_MODEL'),
    clip_vision_output: socket('CLIP_VISION_OUTPUT', 'The picture, as its vision model sees it.'),
    strength: float({ default: 1, min: 0, max: 10, step: 0.001 }),
    strength_type: choice(['multiply', 'attn_bias'], {
      about:
        'multiply: makes its words stronger. attn_bias: makes Flux look at them more or less often.',
    }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ conditioning, style_model, clip_vision_output, strength, strength_type }) {
    const tokens = await style_model.tokens(clip_vision_output)
    return { CONDITIONING: withStyle(conditioning, tokens, strength, strength_type) }
  },
})
