import { defineNode, socket } from '../define.ts'
import { byBlocks, modelsMerged, ratio } from '../merge-fields.ts'

export const modelMergeBlocks = defineNode({
  type: 'ModelMergeBlocks',
  title: 'ModelMergeBlocks',
  category: 'advanced/model_merging',
  about:
    'Mixes two models of Stable Diffusion 1, 2 or XL with a ratio for each part: on the way in, in the middle, on the way out.',
  aliases: ['merge', 'blend', 'combine'],
  inputs: {
    model1: socket('MODEL'),
    model2: socket('MODEL'),
    input: ratio(),
    middle: ratio(),
    out: ratio(),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model1, model2, input, middle, out }, context) =>
    modelsMerged({ model1, model2 }, byBlocks({ input, middle, out }), context),
})
