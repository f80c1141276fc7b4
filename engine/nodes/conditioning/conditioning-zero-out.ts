import { zeroOut } from '../../sampling/conditioning.ts'
import { defineNode, socket } from '../define.ts'

export const conditioningZeroOut = defineNode({
  type: 'ConditioningZeroOut',
  title: 'ConditioningZeroOut',
  category: 'advanced/conditioning',
  about: 'Replaces a prompt by nothing at all, which some models want as the negative.',
  aliases: ['empty', 'negative'],
  inputs: { conditioning: socket('CONDITIONING') },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning }) => ({ CONDITIONING: zeroOut(conditioning) }),
})
