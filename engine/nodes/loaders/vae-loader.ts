import { defineNode, file } from '../define.ts'

export const vaeLoader = defineNode({
  type: 'VAELoader',
  title: 'Load VAE',
  category: 'loaders',
  about: 'Opens a VAE of its own, in place of the one in the checkpoint.',
  inputs: { vae_name: file('vae') },
  outputs: { VAE: 'VAE' },
  run: async ({ vae_name }, { models }) => ({ VAE: await models.vae(vae_name) }),
})
