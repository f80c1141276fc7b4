import { blockMerge, unetBlocks } from '../merge-fields.ts'

export const modelMergeSd2 = blockMerge({
  type: 'ModelMergeSD2',
  family: 'Stable Diffusion 2',
  blocks: unetBlocks(12),
})
