import { defineNode, file } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const clipVisionLoader = defineNode({
  type: 'CLIPVisionLoader',
  title: 'Load CLIP Vision',
  category: 'loaders',
  about: 'Opens a network that says what a picture shows.',
  inputs: { clip_name: file('clip_vision') },
  outputs: { CLIP_VISION: 'CLIP_VISION' },
  changed: ({ clip_name }, { models }) => modelStamp(models, 'clip_vision', clip_name),
  run: async ({ clip_name }, { models }) => ({ CLIP_VISION: await models.vision(clip_name) }),
})
