import { defineNode, file, float, socket } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'
import { changeUnet } from '../unet-change.ts'

export const hypernetworkLoader = defineNode({
  type: 'HypernetworkLoader',
  title: 'HypernetworkLoader',
  category: 'loaders',
  about:
    'Puts a hypernetwork on the model: a style that came before LoRAs, for Stable Diffusion 1.',
  aliases: ['style', 'hypernet'],
  inputs: {
    model: socket('MODEL'),
    hypernetwork_name: file('hypernetworks', { about: 'A file of the hypernetworks folder.' }),
    strength: float({ default: 1, min: -10, max: 10, step: 0.01 }),
  },
  outputs: { MODEL: 'MODEL' },
  changed: ({ hypernetwork_name }, { models }) =>
    modelStamp(models, 'hypernetworks', hypernetwork_name),
  async run({ model, hypernetwork_name, strength }, { models }) {
    const weights = await models.hypernetwork(hypernetwork_name)
    const change = { kind: 'hypernetwork', weights, strength } as const
    return { MODEL: changeUnet(model, change, 'HypernetworkLoader') }
  },
})
