import { ModelError } from '../../inference/model-error.ts'
import { loraTensors } from '../../models/lora-tensors.ts'
import { LowRank } from '../../models/low-rank.ts'
import { partsOf } from '../../models/saved-tensors.ts'
import { diffusionPrefix } from '../../models/transformer.ts'
import { choice, defineNode, int, optional, socket, text, toggle, ui } from '../define.ts'
import { saveModels } from '../saved-models.ts'

export const loraSave = defineNode({
  type: 'LoraSave',
  title: 'Extract and Save Lora',
  category: '_for_testing',
  about:
    'Saves the difference of two models as a LoRA: what ModelMergeSubtract and CLIPMergeSubtract give.',
  aliases: ['extract', 'difference', 'export'],
  experimental: true,
  inputs: {
    filename_prefix: text({ default: 'loras/ComfyUI_extracted_lora' }),
    rank: int({
      default: 8,
      min: 1,
      max: 4096,
      about: 'How much of the difference is kept: more makes the file larger.',
    }),
    lora_type: choice(['standard', 'full_diff'], { about: 'full_diff keeps all of it.' }),
    bias_diff: toggle({ default: true, about: 'Whether biases and norms are kept too.' }),
    model_diff: optional(socket('MODEL', 'What ModelMergeSubtract gives.')),
    text_encoder_diff: optional(socket('CLIP', 'What CLIPMergeSubtract gives.')),
  },
  outputs: {},
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ filename_prefix, rank, lora_type, bias_diff, ...from }, context) {
    const { model_diff: model, text_encoder_diff: clip } = from
    if (model && !model.base) throw new ModelError('Of this model no LoRA can be made.')
    const parts = [
      ...(model?.base
        ? [{ base: model.base, prefix: diffusionPrefix, to: 'diffusion_model.' }]
        : []),
      ...(clip ? partsOf(clip) : []).map(({ name, ...part }) => ({
        ...part,
        to: `text_encoders.${name}.transformer.`,
      })),
    ]
    if (parts.length === 0)
      throw new ModelError('Connect a difference of models or of text encoders to be saved.')
    const form = { type: lora_type, rank, biases: bias_diff }
    const lowRank = await LowRank.open()
    try {
      const tensors = parts.flatMap(part => loraTensors(part, form, lowRank))
      return { [ui]: await saveModels([{ prefix: filename_prefix, tensors }], context) }
    } finally {
      await lowRank.release()
    }
  },
})
