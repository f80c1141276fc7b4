import { choice, defineNode, file, optional } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

const families = [
  'stable_diffusion',
  'stable_cascade',
  'sd3',
  'stable_audio',
  'mochi',
  'ltxv',
  'pixart',
  'cosmos',
  'lumina2',
  'wan',
  'hidream',
  'chroma',
  'ace',
  'omnigen2',
  'qwen_image',
  'hunyuan_image',
] as const

export const clipLoader = defineNode({
  type: 'CLIPLoader',
  title: 'Load CLIP',
  category: 'advanced/loaders',
  about: 'Opens a text encoder from a file of its own.',
  aliases: ['text encoder'],
  inputs: {
    clip_name: file('text_encoders', { about: 'A file of the text_encoders folder.' }),
    type: choice(families, { about: 'The family of models that it is to serve.' }),
    device: optional(choice(['default', 'cpu'], { advanced: true, about: 'Has no effect here.' })),
  },
  outputs: { CLIP: 'CLIP' },
  changed: ({ clip_name }, { models }) => modelStamp(models, 'text_encoders', clip_name),
  run: async ({ clip_name, type }, { models }) => ({
    CLIP: await models.textEncoder([clip_name], type),
  }),
})
