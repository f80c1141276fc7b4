import { defineNode, file } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const modelPatchLoader = defineNode({
  type: 'ModelPatchLoader',
  title: 'ModelPatchLoader',
  category: 'advanced/loaders',
  about: 'Opens a DiffSynth ControlNet for Qwen-Image, which adds to what its blocks make.',
  aliases: ['diffsynth', 'blockwise controlnet'],
  experimental: true,
  inputs: { name: file('model_patches') },
  outputs: { MODEL_PATCH: 'MODEL_PATCH' },
  changed: ({ name }, { models }) => modelStamp(models, 'model_patches', name),
  run: async ({ name }, { models }) => ({ MODEL_PATCH: await models.modelPatch(name) }),
})
