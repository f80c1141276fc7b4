import { defineNode, file } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const upscaleModelLoader = defineNode({
  type: 'UpscaleModelLoader',
  title: 'Load Upscale Model',
  category: 'loaders',
  about: 'Opens a network that enlarges pictures, such as Real-ESRGAN.',
  aliases: ['esrgan', 'super resolution'],
  inputs: { model_name: file('upscale_models') },
  outputs: { UPSCALE_MODEL: 'UPSCALE_MODEL' },
  changed: ({ model_name }, { models }) => modelStamp(models, 'upscale_models', model_name),
  run: async ({ model_name }, { models }) => ({
    UPSCALE_MODEL: await models.upscaler(model_name),
  }),
})
