import { averageConditioning } from '../../sampling/conditioning.ts'
import { defineNode, float, socket } from '../define.ts'

export const conditioningAverage = defineNode({
  type: 'ConditioningAverage',
  title: 'ConditioningAverage',
  category: 'conditioning',
  about: 'Mixes two prompts: at 1 only the first counts, at 0 only the second.',
  aliases: ['blend', 'mix', 'interpolate'],
  inputs: {
    conditioning_to: socket('CONDITIONING'),
    conditioning_from: socket('CONDITIONING'),
    conditioning_to_strength: float({ default: 1, min: 0, max: 1, step: 0.01 }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning_to, conditioning_from, conditioning_to_strength }) => ({
    CONDITIONING: averageConditioning(conditioning_to, conditioning_from, conditioning_to_strength),
  }),
})
