import { blockMerge, counted } from '../merge-fields.ts'

export const modelMergeSd32b = blockMerge({
  type: 'ModelMergeSD3_2B',
  family: 'Stable Diffusion 3 (2B)',
  blocks: [
    'pos_embed.',
    'x_embedder.',
    'context_embedder.',
    'y_embedder.',
    't_embedder.',
    ...counted('joint_blocks', 24),
    'final_layer.',
  ],
})
