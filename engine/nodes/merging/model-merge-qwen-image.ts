import { blockMerge, counted } from '../merge-fields.ts'

export const modelMergeQwenImage = blockMerge({
  type: 'ModelMergeQwenImage',
  family: 'Qwen-Image',
  blocks: [
    'pos_embeds.',
    'img_in.',
    'txt_norm.',
    'txt_in.',
    'time_text_embed.',
    ...counted('transformer_blocks', 60),
    'proj_out.',
  ],
})
