import { defineNode, float, socket } from '../define.ts'

const share = { min: 0, max: 1, step: 0.001 }

export const conditioningSetTimestepRange = defineNode({
  type: 'ConditioningSetTimestepRange',
  title: 'ConditioningSetTimestepRange',
  category: 'advanced/conditioning',
  about: 'Lets a prompt act during part of the sampling only: 0 is the start, 1 the end.',
  aliases: ['schedule', 'prompt editing'],
  inputs: {
    conditioning: socket('CONDITIONING'),
    start: float({ default: 0, ...share }),
    end: float({ default: 1, ...share }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning, start, end }) => ({
    CONDITIONING: conditioning.map(item => ({ ...item, start, end })),
  }),
})
