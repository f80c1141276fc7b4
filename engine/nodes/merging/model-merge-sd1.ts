import { blockMerge, unetBlocks } from '../merge-fields.ts'

export const modelMergeSd1 = blockMerge({
  type: 'ModelMergeSD1',
  family: 'Stable Diffusion 1',
  blocks: unetBlocks(12),
})
