import { choice, defineNode, socket, text } from '../define.ts'
import { readPrompt } from '../text-ready.ts'

/** As published with Lumina-Image 2.0 (Apache-2.0). */
const systemPrompts = {
  superior:
    'You are an assistant designed to generate superior images with the superior degree of ' +
    'image-text alignment based on textual prompts or user prompts.',
  alignment:
    'You are an assistant designed to generate high-quality images with the highest degree of ' +
    'image-text alignment based on textual prompts.',
}

export const clipTextEncodeLumina2 = defineNode({
  type: 'CLIPTextEncodeLumina2',
  title: 'CLIP Text Encode for Lumina2',
  category: 'conditioning',
  about:
    'A prompt for Lumina 2, which was trained with a line on what it is for before each prompt.',
  aliases: ['prompt'],
  inputs: {
    system_prompt: choice(['superior', 'alignment'], {
      about: 'Whether pictures are to be superior or to follow the prompt closely.',
    }),
    user_prompt: text({ multiline: true, dynamicPrompts: true, about: 'What the picture shows.' }),
    clip: socket('CLIP', 'Gemma 2, loaded as "lumina2".'),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ system_prompt, user_prompt, clip }, context) {
    const text = `${systemPrompts[system_prompt]} <Prompt Start> ${user_prompt}`
    return { CONDITIONING: await readPrompt(clip, text, context) }
  },
})
