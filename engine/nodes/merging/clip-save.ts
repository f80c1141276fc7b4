import { lastingWords } from '../../models/model-spec.ts'
import { encoderTensors, partsOf } from '../../models/saved-tensors.ts'
import { defineNode, socket, text, ui } from '../define.ts'
import { saveModels } from '../saved-models.ts'

export const clipSave = defineNode({
  type: 'CLIPSave',
  title: 'CLIPSave',
  category: 'advanced/model_merging',
  about:
    'Saves text encoders in the output folder, LoRAs folded in: a file for each, with the encoder’s name after the prefix.',
  aliases: ['save', 'merge', 'export', 'text encoder'],
  inputs: { clip: socket('CLIP'), filename_prefix: text({ default: 'clip/ComfyUI' }) },
  outputs: {},
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ clip, filename_prefix }, context) {
    const files = partsOf(clip).map(part => ({
      prefix: `${filename_prefix}_${part.name}`,
      tensors: encoderTensors(part),
      metadata: lastingWords(part.base.weights),
    }))
    return { [ui]: await saveModels(files, context) }
  },
})
