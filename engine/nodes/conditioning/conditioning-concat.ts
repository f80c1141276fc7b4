import { concatTokens } from '../../sampling/conditioning.ts'
import { defineNode, socket } from '../define.ts'

export const conditioningConcat = defineNode({
  type: 'ConditioningConcat',
  title: 'Conditioning (Concat)',
  category: 'conditioning',
  about: 'Appends a second prompt to the first, as further chunks of one text.',
  inputs: { conditioning_to: socket('CONDITIONING'), conditioning_from: socket('CONDITIONING') },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning_to, conditioning_from }) => ({
    CONDITIONING: concatTokens(conditioning_to, conditioning_from),
  }),
})
