import { defineNode, file } from '../define.ts'
import { noted } from '../loader-notes.ts'
import { missingPart } from '../missing-part.ts'
import { modelStamp } from '../model-stamp.ts'

export const checkpointLoaderSimple = defineNode({
  type: 'CheckpointLoaderSimple',
  title: 'Load Checkpoint',
  category: 'loaders',
  about: 'Opens a checkpoint: the network that draws, its text encoder and its VAE.',
  aliases: ['model', 'open'],
  inputs: { ckpt_name: file('checkpoints', { about: 'A file of the checkpoints folder.' }) },
  outputs: { MODEL: 'MODEL', CLIP: 'CLIP', VAE: 'VAE' },
  changed: ({ ckpt_name }, { models }) => modelStamp(models, 'checkpoints', ckpt_name),
  async run({ ckpt_name }, { models }) {
    const { model, clip, vae } = await models.checkpoint(ckpt_name)
    return {
      ...noted(model.notes),
      MODEL: model,
      CLIP: clip ?? missingPart(ckpt_name, 'text encoder (CLIP)', 'Load a text encoder'),
      VAE: vae ?? missingPart(ckpt_name, 'VAE', 'Load one with Load VAE'),
    }
  },
})
