import { modelSpec } from '../../models/model-spec.ts'
import { modelTensors } from '../../models/saved-tensors.ts'
import { defineNode, socket, text, ui } from '../define.ts'
import { saveModels } from '../saved-models.ts'

export const modelSave = defineNode({
  type: 'ModelSave',
  title: 'ModelSave',
  category: 'advanced/model_merging',
  about:
    'Saves the network alone in the output folder, LoRAs folded in. It is found there as a diffusion model from then on.',
  aliases: ['save', 'merge', 'export', 'unet'],
  inputs: {
    model: socket('MODEL'),
    filename_prefix: text({ default: 'diffusion_models/ComfyUI' }),
  },
  outputs: {},
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ model, filename_prefix: prefix }, context) {
    const file = { prefix, tensors: modelTensors(model), metadata: modelSpec(model, prefix) }
    return { [ui]: await saveModels([file], context) }
  },
})
