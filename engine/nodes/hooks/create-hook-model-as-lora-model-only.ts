import { defineNode, file, float, optional, socket } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

export const createHookModelAsLoraModelOnly = defineNode({
  type: 'CreateHookModelAsLoraModelOnly',
  title: 'Create Hook Model as LoRA (MO)',
  category: 'advanced/hooks/create',
  about:
    'A whole checkpoint that takes the place of the model, not of its text encoder, for single prompts ' +
    'only. Strengths between 0 and 1 mix the two.',
  aliases: ['regional checkpoint', 'schedule model', 'mix models'],
  experimental: true,
  inputs: {
    ckpt_name: file('checkpoints', { about: 'Of the same family as the model.' }),
    strength_model: float({ default: 1, min: -20, max: 20, step: 0.01 }),
    prev_hooks: optional(socket('HOOKS', 'Hooks that hold besides.')),
  },
  outputs: { HOOKS: 'HOOKS' },
  changed: ({ ckpt_name }, { models }) => modelStamp(models, 'checkpoints', ckpt_name),
  run({ ckpt_name, strength_model, prev_hooks = [] }, { models }) {
    if (strength_model === 0) return { HOOKS: prev_hooks }
    const path = models.path('checkpoints', ckpt_name)
    return { HOOKS: [...prev_hooks, { file: path, whole: true, model: strength_model, clip: 0 }] }
  },
})
