import { defineNode, socket } from '../define.ts'
import { evenly, ratio, textsMerged } from '../merge-fields.ts'

export const clipMergeSimple = defineNode({
  type: 'CLIPMergeSimple',
  title: 'CLIPMergeSimple',
  category: 'advanced/model_merging',
  about: 'Mixes two text encoders of one family: so much of the first, the rest of the second.',
  aliases: ['merge', 'blend', 'combine'],
  inputs: { clip1: socket('CLIP'), clip2: socket('CLIP'), ratio: ratio() },
  outputs: { CLIP: 'CLIP' },
  run: (inputs, context) => textsMerged(inputs, evenly(inputs.ratio), context),
})
