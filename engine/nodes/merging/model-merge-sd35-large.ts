import { blockMerge, mmditBlocks } from '../merge-fields.ts'

export const modelMergeSd35Large = blockMerge({
  type: 'ModelMergeSD35_Large',
  family: 'Stable Diffusion 3.5 Large',
  blocks: mmditBlocks(38),
})
