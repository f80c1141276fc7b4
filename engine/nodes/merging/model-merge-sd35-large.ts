import { blockMerge, counted } from '../merge-fields.ts'

export const modelMergeSd35Large = blockMerge({
  type: 'ModelMergeSD35_Large',
  family: 'Stable Diffusion 3.5 Large',
  blocks: [
    'pos_embed.',
    'x_embedder.',
    'context_embedder.',
    'y_embedder.',
    't_embedder.',
    ...counted('joint_blocks', 38),
    'final_layer.',
  ],
})
