import { lastingWords } from '../../models/model-spec.ts'
import { vaeTensors } from '../../models/saved-tensors.ts'
import { defineNode, socket, text, ui } from '../define.ts'
import { saveModels } from '../saved-models.ts'

export const vaeSave = defineNode({
  type: 'VAESave',
  title: 'VAESave',
  category: 'advanced/model_merging',
  about: 'Saves a VAE as a file of its own in the output folder.',
  aliases: ['save', 'export', 'autoencoder'],
  inputs: { vae: socket('VAE'), filename_prefix: text({ default: 'vae/ComfyUI_vae' }) },
  outputs: {},
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ vae, filename_prefix: prefix }, context) {
    const tensors = vaeTensors(vae)
    const metadata = vae.stored && lastingWords(vae.stored.weights)
    return { [ui]: await saveModels([{ prefix, tensors, metadata }], context) }
  },
})
