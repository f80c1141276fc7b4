import { asFallback } from '../../sampling/conditioning.ts'
import { defineNode, optional, socket } from '../define.ts'

export const conditioningSetDefaultCombine = defineNode({
  type: 'ConditioningSetDefaultCombine',
  title: 'Cond Set Default Combine',
  category: 'advanced/hooks/cond single',
  about: 'Adds a prompt that acts where the masks of the others leave room.',
  experimental: true,
  inputs: {
    cond: socket('CONDITIONING'),
    cond_DEFAULT: socket('CONDITIONING', 'For the rest of the picture.'),
    hooks: optional(socket('HOOKS', 'LoRAs that hold for these prompts only.')),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ cond, cond_DEFAULT, hooks }) => ({
    CONDITIONING: [...cond, ...asFallback(cond_DEFAULT, hooks)],
  }),
})
