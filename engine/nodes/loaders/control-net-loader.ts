import { defineNode, file } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const controlNetLoader = defineNode({
  type: 'ControlNetLoader',
  title: 'Load ControlNet Model',
  category: 'loaders',
  about: 'Opens a ControlNet, which makes pictures follow lines, poses or depth of another.',
  aliases: ['canny', 'pose', 'depth'],
  inputs: { control_net_name: file('controlnet') },
  outputs: { CONTROL_NET: 'CONTROL_NET' },
  changed: ({ control_net_name }, { models }) => modelStamp(models, 'controlnet', control_net_name),
  run: async ({ control_net_name }, { models }) => ({
    CONTROL_NET: await models.controlnet(control_net_name),
  }),
})
