import { defineNode, file, socket } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const diffControlNetLoader = defineNode({
  type: 'DiffControlNetLoader',
  title: 'Load ControlNet Model (diff)',
  category: 'loaders',
  about:
    'Loads a ControlNet that was saved as what differs from a checkpoint. Others load as well.',
  inputs: {
    model: socket('MODEL', 'The checkpoint it was made for.'),
    control_net_name: file('controlnet'),
  },
  outputs: { CONTROL_NET: 'CONTROL_NET' },
  changed: ({ control_net_name }, { models }) => modelStamp(models, 'controlnet', control_net_name),
  run: async ({ model, control_net_name }, { models }) => ({
    CONTROL_NET: await models.controlnet(control_net_name, model),
  }),
})
