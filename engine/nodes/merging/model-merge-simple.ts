import { defineNode, socket } from '../define.ts'
import { evenly, modelsMerged, ratio } from '../merge-fields.ts'

export const modelMergeSimple = defineNode({
  type: 'ModelMergeSimple',
  title: 'ModelMergeSimple',
  category: 'advanced/model_merging',
  about: 'Mixes two models of one family: so much of the first, the rest of the second.',
  aliases: ['merge', 'blend', 'combine'],
  inputs: { model1: socket('MODEL'), model2: socket('MODEL'), ratio: ratio() },
  outputs: { MODEL: 'MODEL' },
  run: (inputs, context) => modelsMerged(inputs, evenly(inputs.ratio), context),
})
