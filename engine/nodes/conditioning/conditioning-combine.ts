import { defineNode, socket } from '../define.ts'

export const conditioningCombine = defineNode({
  type: 'ConditioningCombine',
  title: 'Conditioning (Combine)',
  category: 'conditioning',
  about: 'Follows both prompts at each step and averages what they lead to.',
  inputs: { conditioning_1: socket('CONDITIONING'), conditioning_2: socket('CONDITIONING') },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning_1, conditioning_2 }) => ({
    CONDITIONING: [...conditioning_1, ...conditioning_2],
  }),
})
