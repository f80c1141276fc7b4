import { blockMerge, counted } from '../merge-fields.ts'

export const modelMergeFlux1 = blockMerge({
  type: 'ModelMergeFlux1',
  family: 'Flux',
  blocks: [
    'img_in.',
    'time_in.',
    'guidance_in',
    'vector_in.',
    'txt_in.',
    ...counted('double_blocks', 19),
    ...counted('single_blocks', 38),
    'final_layer.',
  ],
})
