import { defineNode, file, float, socket } from '../define.ts'
import { loraNotes, noted } from '../loader-notes.ts'
import { modelStamp } from '../model-stamp.ts'

export const loraLoaderModelOnly = defineNode({
  type: 'LoraLoaderModelOnly',
  title: 'LoraLoaderModelOnly',
  category: 'loaders',
  about: 'Puts a LoRA on the model and leaves the text encoder as it is.',
  aliases: ['style', 'adapter', 'lycoris'],
  inputs: {
    model: socket('MODEL'),
    lora_name: file('loras'),
    strength_model: float({ default: 1, min: -100, max: 100, step: 0.01 }),
  },
  outputs: { MODEL: 'MODEL' },
  changed: ({ lora_name }, { models }) => modelStamp(models, 'loras', lora_name),
  run({ model, lora_name, strength_model }, { models }) {
    if (strength_model === 0) return { MODEL: model }
    const path = models.path('loras', lora_name)
    const unused = [model.unusedLayers?.(path)]
    return {
      ...noted(loraNotes(lora_name, unused, { withText: false })),
      MODEL: model.withAdapter({ file: path, strength: strength_model }),
    }
  },
})
