import { defineNode, file } from '../define.ts'
import { noted } from '../loader-notes.ts'
import { missingPart } from '../missing-part.ts'
import { modelStamp } from '../model-stamp.ts'

export const unClipCheckpointLoader = defineNode({
  type: 'unCLIPCheckpointLoader',
  title: 'unCLIPCheckpointLoader',
  category: 'loaders',
  about: 'Opens an unCLIP checkpoint, which also holds what it sees pictures with.',
  aliases: ['image prompt', 'variation'],
  inputs: { ckpt_name: file('checkpoints', { about: 'Such as SD 2.1 unCLIP.' }) },
  outputs: { MODEL: 'MODEL', CLIP: 'CLIP', VAE: 'VAE', CLIP_VISION: 'CLIP_VISION' },
  changed: ({ ckpt_name }, { models }) => modelStamp(models, 'checkpoints', ckpt_name),
  async run({ ckpt_name: name }, { models }) {
    const { model, clip, vae, vision } = await models.checkpoint(name)
    return {
      ...noted(model.notes),
      MODEL: model,
      CLIP: clip ?? missingPart(name, 'text encoder (CLIP)', 'Load a text encoder'),
      VAE: vae ?? missingPart(name, 'VAE', 'Load one with Load VAE'),
      CLIP_VISION: vision ?? missingPart(name, 'vision model', 'Load one with Load CLIP Vision'),
    }
  },
})
