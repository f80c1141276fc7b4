import { defineNode, socket } from '../define.ts'

export const pairConditioningCombine = defineNode({
  type: 'PairConditioningCombine',
  title: 'Cond Pair Combine',
  category: 'advanced/hooks/cond pair',
  about: 'Joins two pairs of positive and negative prompts; all of them act.',
  aliases: ['join'],
  experimental: true,
  inputs: {
    positive_A: socket('CONDITIONING'),
    negative_A: socket('CONDITIONING'),
    positive_B: socket('CONDITIONING'),
    negative_B: socket('CONDITIONING'),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING' },
  run: ({ positive_A, negative_A, positive_B, negative_B }) => ({
    positive: [...positive_A, ...positive_B],
    negative: [...negative_A, ...negative_B],
  }),
})
