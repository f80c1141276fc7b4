import { defineNode, file, float, socket } from '../define.ts'
import { loraNotes, noted } from '../loader-notes.ts'
import { modelStamp } from '../model-stamp.ts'

const strength = { default: 1, min: -100, max: 100, step: 0.01 }

export const loraLoader = defineNode({
  type: 'LoraLoader',
  title: 'Load LoRA',
  category: 'loaders',
  about: 'Puts a LoRA on the model and its text encoder. Several can follow one another.',
  aliases: ['style', 'adapter', 'lycoris'],
  inputs: {
    model: socket('MODEL'),
    clip: socket('CLIP'),
    lora_name: file('loras'),
    strength_model: float({ ...strength, about: 'How much it changes pictures. May be negative.' }),
    strength_clip: float({ ...strength, about: 'How much it changes the reading of the prompt.' }),
  },
  outputs: { MODEL: 'MODEL', CLIP: 'CLIP' },
  changed: ({ lora_name }, { models }) => modelStamp(models, 'loras', lora_name),
  run({ model, clip, lora_name, strength_model, strength_clip }, { models }) {
    if (strength_model === 0 && strength_clip === 0) return { MODEL: model, CLIP: clip }
    const path = models.path('loras', lora_name)
    const unused = [model, clip].map(part => part.unusedLayers?.(path))
    return {
      ...noted(loraNotes(lora_name, unused, { withText: true })),
      MODEL: model.withAdapter({ file: path, strength: strength_model }),
      CLIP: clip.withAdapter({ file: path, strength: strength_clip }),
    }
  },
})
