import { defineNode, file } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const styleModelLoader = defineNode({
  type: 'StyleModelLoader',
  title: 'Load Style Model',
  category: 'loaders',
  about: 'Opens a style model, which makes a prompt of a picture, such as Flux Redux.',
  aliases: ['redux', 'image prompt'],
  inputs: { style_model_name: file('style_models') },
  outputs: { STYLE_MODEL: 'STYLE_MODEL' },
  changed: ({ style_model_name }, { models }) =>
    modelStamp(models, 'style_models', style_model_name),
  run: async ({ style_model_name }, { models }) => ({
    STYLE_MODEL: await models.styleModel(style_model_name),
  }),
})
