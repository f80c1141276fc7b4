import { defineNode, file } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const tripleClipLoader = defineNode({
  type: 'TripleCLIPLoader',
  title: 'TripleCLIPLoader',
  category: 'advanced/loaders',
  about:
    'Opens the three text encoders of Stable Diffusion 3: CLIP-L, CLIP-G and T5, in any order.',
  aliases: ['sd3', 'text encoder'],
  inputs: {
    clip_name1: file('text_encoders'),
    clip_name2: file('text_encoders'),
    clip_name3: file('text_encoders'),
  },
  outputs: { CLIP: 'CLIP' },
  changed: ({ clip_name1, clip_name2, clip_name3 }, { models }) =>
    modelStamp(models, 'text_encoders', clip_name1, clip_name2, clip_name3),
  run: async ({ clip_name1, clip_name2, clip_name3 }, { models }) => ({
    CLIP: await models.textEncoder([clip_name1, clip_name2, clip_name3], 'sd3'),
  }),
})
