import { defineNode, socket } from '../define.ts'
import { multiplier, subtracted, textsMerged } from '../merge-fields.ts'

export const clipMergeSubtract = defineNode({
  type: 'CLIPMergeSubtract',
  title: 'CLIPMergeSubtract',
  category: 'advanced/model_merging',
  about:
    'What the first text encoder has learnt beyond the second: the difference of their weights.',
  aliases: ['merge', 'blend', 'combine'],
  inputs: { clip1: socket('CLIP'), clip2: socket('CLIP'), multiplier: multiplier() },
  outputs: { CLIP: 'CLIP' },
  run: (inputs, context) => textsMerged(inputs, subtracted(inputs.multiplier), context),
})
