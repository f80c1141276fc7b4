import { defineNode, float, socket, text } from '../define.ts'
import { readPrompt } from '../text-ready.ts'

const prompt = { multiline: true, dynamicPrompts: true }

export const clipTextEncodeFlux = defineNode({
  type: 'CLIPTextEncodeFlux',
  title: 'CLIPTextEncodeFlux',
  category: 'advanced/conditioning/flux',
  about: 'A prompt of its own for each of the text encoders of Flux.',
  aliases: ['prompt'],
  inputs: {
    clip: socket('CLIP', 'CLIP-L and T5, loaded as "flux".'),
    clip_l: text({ ...prompt, about: 'A few words for the whole: subject and style.' }),
    t5xxl: text({ ...prompt, about: 'The description, in sentences.' }),
    guidance: float({
      default: 3.5,
      min: 0,
      max: 100,
      step: 0.1,
      about: 'How closely Flux dev follows the prompt.',
    }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ clip, clip_l, t5xxl, guidance }, context) {
    const parts = { l: clip_l, t5xxl }
    return { CONDITIONING: await readPrompt(clip, parts, context, { guidance }) }
  },
})
