import { modelSpec } from '../../models/model-spec.ts'
import {
  checkpointEncoders,
  modelTensors,
  vaePrefix,
  vaeTensors,
} from '../../models/saved-tensors.ts'
import { defineNode, socket, text, ui } from '../define.ts'
import { saveModels } from '../saved-models.ts'

export const checkpointSave = defineNode({
  type: 'CheckpointSave',
  title: 'Save Checkpoint',
  category: 'advanced/model_merging',
  about:
    'Saves a model with its text encoder and its VAE as one checkpoint in the output folder, LoRAs folded in. It is found there as a model from then on.',
  aliases: ['save', 'merge', 'export'],
  inputs: {
    model: socket('MODEL'),
    clip: socket('CLIP'),
    vae: socket('VAE'),
    filename_prefix: text({ default: 'checkpoints/ComfyUI' }),
  },
  outputs: {},
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ model, clip, vae, filename_prefix: prefix }, context) {
    const tensors = [
      ...modelTensors(model),
      ...checkpointEncoders(clip, model),
      ...vaeTensors(vae, vaePrefix(model)),
    ]
    const metadata = modelSpec(model, prefix)
    return { [ui]: await saveModels([{ prefix, tensors, metadata }], context) }
  },
})
