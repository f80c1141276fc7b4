import { defineNode, socket } from '../define.ts'
import { added, textsMerged } from '../merge-fields.ts'

export const clipMergeAdd = defineNode({
  type: 'CLIPMergeAdd',
  title: 'CLIPMergeAdd',
  category: 'advanced/model_merging',
  about: 'Adds the weights of two text encoders, such as one and the difference of two others.',
  aliases: ['merge', 'blend', 'combine'],
  inputs: { clip1: socket('CLIP'), clip2: socket('CLIP') },
  outputs: { CLIP: 'CLIP' },
  run: (inputs, context) => textsMerged(inputs, added, context),
})
