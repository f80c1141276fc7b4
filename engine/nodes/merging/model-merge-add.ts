import { defineNode, socket } from '../define.ts'
import { added, modelsMerged } from '../merge-fields.ts'

export const modelMergeAdd = defineNode({
  type: 'ModelMergeAdd',
  title: 'ModelMergeAdd',
  category: 'advanced/model_merging',
  about: 'Adds the weights of two models, such as a model and the difference of two others.',
  aliases: ['merge', 'blend', 'combine'],
  inputs: { model1: socket('MODEL'), model2: socket('MODEL') },
  outputs: { MODEL: 'MODEL' },
  run: (inputs, context) => modelsMerged(inputs, added, context),
})
