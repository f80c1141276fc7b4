import { defineNode, file } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const gligenLoader = defineNode({
  type: 'GLIGENLoader',
  title: 'GLIGENLoader',
  category: 'loaders',
  about: 'Opens a GLIGEN model, which tells SD 1.x where in the picture things are.',
  aliases: ['layout', 'box'],
  inputs: { gligen_name: file('gligen') },
  outputs: { GLIGEN: 'GLIGEN' },
  changed: ({ gligen_name }, { models }) => modelStamp(models, 'gligen', gligen_name),
  run: async ({ gligen_name }, { models }) => ({ GLIGEN: await models.gligen(gligen_name) }),
})
