import { choice, defineNode, socket, text } from '../define.ts'
import { readPrompt } from '../text-ready.ts'

const prompt = { multiline: true, dynamicPrompts: true }

export const clipTextEncodeSd3 = defineNode({
  type: 'CLIPTextEncodeSD3',
  title: 'CLIPTextEncodeSD3',
  category: 'advanced/conditioning',
  about: 'A prompt of its own for each of the text encoders of Stable Diffusion 3.',
  aliases: ['prompt'],
  inputs: {
    clip: socket('CLIP', 'CLIP-L, CLIP-G and T5, loaded as "sd3".'),
    clip_l: text(prompt),
    clip_g: text(prompt),
    t5xxl: text({ ...prompt, about: 'The description, in sentences.' }),
    empty_padding: choice(['none', 'empty_prompt'], {
      about: 'Whether an encoder without a prompt is left out or reads an empty one.',
    }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ clip, clip_l, clip_g, t5xxl, empty_padding }, context) {
    const entries = Object.entries({ l: clip_l, g: clip_g, t5xxl })
    const said = entries.filter(([, words]) => empty_padding === 'empty_prompt' || words !== '')
    return { CONDITIONING: await readPrompt(clip, Object.fromEntries(said), context) }
  },
})
