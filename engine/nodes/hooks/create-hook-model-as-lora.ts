import { defineNode, file, float, optional, socket } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'

const strength = { default: 1, min: -20, max: 20, step: 0.01 }

export const createHookModelAsLora = defineNode({
  type: 'CreateHookModelAsLora',
  title: 'Create Hook Model as LoRA',
  category: 'advanced/hooks/create',
  about:
    'A whole checkpoint that takes the place of the model for single prompts only, where its hook is ' +
    'set. Strengths between 0 and 1 mix the two.',
  aliases: ['regional checkpoint', 'schedule model', 'mix models'],
  experimental: true,
  inputs: {
    ckpt_name: file('checkpoints', { about: 'Of the same family as the model.' }),
    strength_model: float(strength),
    strength_clip: float(strength),
    prev_hooks: optional(socket('HOOKS', 'Hooks that hold besides.')),
  },
  outputs: { HOOKS: 'HOOKS' },
  changed: ({ ckpt_name }, { models }) => modelStamp(models, 'checkpoints', ckpt_name),
  run({ ckpt_name, strength_model, strength_clip, prev_hooks = [] }, { models }) {
    if (strength_model === 0 && strength_clip === 0) return { HOOKS: prev_hooks }
    const path = models.path('checkpoints', ckpt_name)
    const hook = { file: path, whole: true, model: strength_model, clip: strength_clip }
    return { HOOKS: [...prev_hooks, hook] }
  },
})
