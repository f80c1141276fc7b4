import { blockMerge, mmditBlocks } from '../merge-fields.ts'

export const modelMergeSd32b = blockMerge({
  type: 'ModelMergeSD3_2B',
  family: 'Stable Diffusion 3 (2B)',
  blocks: mmditBlocks(24),
})
