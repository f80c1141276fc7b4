import { taesdNames } from '../../models/taesd-names.ts'
import { defineNode, type Field } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

/** Files of `vae`, and the tiny autoencoders of `vae_approx` by their short names. */
const vaeFile: Field<string> = {
  type: 'COMBO',
  widget({ files }) {
    const options = [...files('vae'), ...taesdNames(files('vae_approx'))]
    return { kind: 'choice', default: options[0] ?? null, options, folder: 'vae' }
  },
}

export const vaeLoader = defineNode({
  type: 'VAELoader',
  title: 'Load VAE',
  category: 'loaders',
  about: 'Opens a VAE of its own, in place of the one in the checkpoint.',
  inputs: { vae_name: vaeFile },
  outputs: { VAE: 'VAE' },
  changed: ({ vae_name }, { models }) => modelStamp(models, 'vae', vae_name),
  run: async ({ vae_name }, { models }) => ({ VAE: await models.vae(vae_name) }),
})
