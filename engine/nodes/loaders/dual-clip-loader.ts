import { choice, defineNode, file, optional } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

const families = ['sdxl', 'sd3', 'flux', 'hunyuan_video', 'hidream', 'hunyuan_image'] as const

export const dualClipLoader = defineNode({
  type: 'DualCLIPLoader',
  title: 'DualCLIPLoader',
  category: 'advanced/loaders',
  about: 'Opens two text encoders that work together, each from a file of its own.',
  aliases: ['text encoder'],
  inputs: {
    clip_name1: file('text_encoders', { about: 'For SDXL: CLIP-L and CLIP-G, in either order.' }),
    clip_name2: file('text_encoders'),
    type: choice(families, { about: 'The family of models that they are to serve.' }),
    device: optional(choice(['default', 'cpu'], { advanced: true, about: 'Has no effect here.' })),
  },
  outputs: { CLIP: 'CLIP' },
  changed: ({ clip_name1, clip_name2 }, { models }) =>
    modelStamp(models, 'text_encoders', clip_name1, clip_name2),
  run: async ({ clip_name1, clip_name2, type }, { models }) => ({
    CLIP: await models.textEncoder([clip_name1, clip_name2], type),
  }),
})
