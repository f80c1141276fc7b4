import { defineNode, float, socket } from '../define.ts'

export const conditioningSetAreaStrength = defineNode({
  type: 'ConditioningSetAreaStrength',
  title: 'ConditioningSetAreaStrength',
  category: 'conditioning',
  about: 'How much a prompt counts beside others that act in the same place.',
  inputs: {
    conditioning: socket('CONDITIONING'),
    strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning, strength }) => ({
    CONDITIONING: conditioning.map(item => ({ ...item, strength })),
  }),
})
