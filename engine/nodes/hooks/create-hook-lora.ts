import { defineNode, file, float, optional, socket } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

const strength = { default: 1, min: -20, max: 20, step: 0.01 }

export const createHookLora = defineNode({
  type: 'CreateHookLora',
  title: 'Create Hook LoRA',
  category: 'advanced/hooks/create',
  about: 'A LoRA that is put on the model for single prompts only, where its hook is set.',
  aliases: ['regional lora', 'schedule lora'],
  experimental: true,
  inputs: {
    lora_name: file('loras'),
    strength_model: float(strength),
    strength_clip: float(strength),
    prev_hooks: optional(socket('HOOKS', 'Hooks that hold besides.')),
  },
  outputs: { HOOKS: 'HOOKS' },
  changed: ({ lora_name }, { models }) => modelStamp(models, 'loras', lora_name),
  run({ lora_name, strength_model, strength_clip, prev_hooks = [] }, { models }) {
    if (strength_model === 0 && strength_clip === 0) return { HOOKS: prev_hooks }
    const path = models.path('loras', lora_name)
    return { HOOKS: [...prev_hooks, { file: path, model: strength_model, clip: strength_clip }] }
  },
})
