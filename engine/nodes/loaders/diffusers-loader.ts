import { statSync } from 'node:fs'
import { diffusersFiles } from '../../models/diffusers-folder.ts'
import { defineNode, file } from '../define.ts'
import { noted } from '../loader-notes.ts'
import { missingPart } from '../missing-part.ts'

export const diffusersLoader = defineNode({
  type: 'DiffusersLoader',
  title: 'DiffusersLoader',
  category: 'advanced/loaders/deprecated',
  about: 'Opens a Stable Diffusion model that is a folder with one for each of its parts.',
  aliases: ['model', 'open', 'hugging face', 'folder'],
  inputs: {
    model_path: file('diffusers', { about: 'A folder with a model_index.json in it.' }),
  },
  outputs: { MODEL: 'MODEL', CLIP: 'CLIP', VAE: 'VAE' },
  changed({ model_path }, { models }) {
    if (model_path === undefined) return Number.NaN
    const files = diffusersFiles(models.path('diffusers', model_path))
    return files.map(path => `${path} ${statSync(path).size} ${statSync(path).mtimeMs}`).join()
  },
  async run({ model_path }, { models }) {
    const { model, clip, vae } = await models.diffusers(model_path)
    return {
      ...noted(model.notes),
      MODEL: model,
      CLIP: clip ?? missingPart(model_path, 'text encoder (CLIP)', 'Load a text encoder'),
      VAE: vae ?? missingPart(model_path, 'VAE', 'Load one with Load VAE'),
    }
  },
})
