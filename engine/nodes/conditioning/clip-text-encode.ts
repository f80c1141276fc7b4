import { defineNode, socket, text } from '../define.ts'
import { readPrompt } from '../text-ready.ts'

export const clipTextEncode = defineNode({
  type: 'CLIPTextEncode',
  title: 'CLIP Text Encode (Prompt)',
  category: 'conditioning',
  about:
    'Turns a prompt into what the model is guided by. (words:1.2) weigh more, (words:0.8) less.',
  aliases: ['prompt', 'positive', 'negative', 'words'],
  inputs: {
    text: text({ multiline: true, dynamicPrompts: true, about: 'What to draw, or what to avoid.' }),
    clip: socket('CLIP', 'The text encoder of the checkpoint.'),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ text, clip }, context) {
    return { CONDITIONING: await readPrompt(clip, text, context) }
  },
})
