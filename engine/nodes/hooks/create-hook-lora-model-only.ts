import { defineNode, file, float, optional, socket } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const createHookLoraModelOnly = defineNode({
  type: 'CreateHookLoraModelOnly',
  title: 'Create Hook LoRA (MO)',
  category: 'advanced/hooks/create',
  about: 'A LoRA that is put on the model, not on its text encoder, for single prompts only.',
  aliases: ['regional lora', 'schedule lora'],
  experimental: true,
  inputs: {
    lora_name: file('loras'),
    strength_model: float({ default: 1, min: -20, max: 20, step: 0.01 }),
    prev_hooks: optional(socket('HOOKS', 'Hooks that hold besides.')),
  },
  outputs: { HOOKS: 'HOOKS' },
  changed: ({ lora_name }, { models }) => modelStamp(models, 'loras', lora_name),
  run({ lora_name, strength_model, prev_hooks = [] }, { models }) {
    if (strength_model === 0) return { HOOKS: prev_hooks }
    const path = models.path('loras', lora_name)
    return { HOOKS: [...prev_hooks, { file: path, model: strength_model, clip: 0 }] }
  },
})
