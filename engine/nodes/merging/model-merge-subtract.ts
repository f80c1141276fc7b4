import { defineNode, socket } from '../define.ts'
import { modelsMerged, multiplier, subtracted } from '../merge-fields.ts'

export const modelMergeSubtract = defineNode({
  type: 'ModelMergeSubtract',
  title: 'ModelMergeSubtract',
  category: 'advanced/model_merging',
  about:
    'What the first model has learnt beyond the second: the difference of their weights, to be added to a third.',
  aliases: ['merge', 'blend', 'combine'],
  inputs: { model1: socket('MODEL'), model2: socket('MODEL'), multiplier: multiplier() },
  outputs: { MODEL: 'MODEL' },
  run: (inputs, context) => modelsMerged(inputs, subtracted(inputs.multiplier), context),
})
