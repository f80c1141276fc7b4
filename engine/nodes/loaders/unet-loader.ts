import { choice, defineNode, file } from '../define.ts'
import { noted } from '../loader-notes.ts'
import { modelStamp } from '../model-stamp.ts'

export const unetLoader = defineNode({
  type: 'UNETLoader',
  title: 'Load Diffusion Model',
  category: 'advanced/loaders',
  about: 'Opens the network that draws from a file of its own, without text encoder and VAE.',
  aliases: ['unet', 'transformer'],
  inputs: {
    unet_name: file('diffusion_models', { about: 'A file of the diffusion_models folder.' }),
    weight_dtype: choice(['default', 'fp8_e4m3fn', 'fp8_e4m3fn_fast', 'fp8_e5m2'], {
      about: 'Has no effect here: weights are read as they are stored, without a copy.',
    }),
  },
  outputs: { MODEL: 'MODEL' },
  changed: ({ unet_name }, { models }) => modelStamp(models, 'diffusion_models', unet_name),
  async run({ unet_name }, { models }) {
    const model = await models.diffusionModel(unet_name)
    return { ...noted(model.notes), MODEL: model }
  },
})
