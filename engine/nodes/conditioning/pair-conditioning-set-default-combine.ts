import { asFallback } from '../../sampling/conditioning.ts'
import { defineNode, optional, socket } from '../define.ts'

export const pairConditioningSetDefaultCombine = defineNode({
  type: 'PairConditioningSetDefaultCombine',
  title: 'Cond Pair Set Default Combine',
  category: 'advanced/hooks/cond pair',
  about: 'Adds a pair of prompts that acts where the masks of the others leave room.',
  experimental: true,
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    positive_DEFAULT: socket('CONDITIONING', 'For the rest of the picture.'),
    negative_DEFAULT: socket('CONDITIONING', 'For the rest of the picture.'),
    hooks: optional(socket('HOOKS', 'LoRAs that hold for these prompts only.')),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING' },
  run: ({ positive, negative, positive_DEFAULT, negative_DEFAULT, hooks }) => ({
    positive: [...positive, ...asFallback(positive_DEFAULT, hooks)],
    negative: [...negative, ...asFallback(negative_DEFAULT, hooks)],
  }),
})
