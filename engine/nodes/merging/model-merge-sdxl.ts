import { blockMerge, unetBlocks } from '../merge-fields.ts'

export const modelMergeSdxl = blockMerge({
  type: 'ModelMergeSDXL',
  family: 'SDXL',
  blocks: unetBlocks(9, ''),
})
