import { choice, defineNode, file } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'
import { checkpointLoaderSimple } from './checkpoint-loader-simple.ts'

/** Configurations that read the text encoder before its last layer. */
const early: ReadonlySet<string> = new Set([
  'anything_v3.yaml',
  'v1-inference_clip_skip_2.yaml',
  'v1-inference_clip_skip_2_fp16.yaml',
])

export const checkpointLoader = defineNode({
  type: 'CheckpointLoader',
  title: 'Load Checkpoint With Config (DEPRECATED)',
  category: 'advanced/loaders',
  about: 'Opens a checkpoint. What it is made of is read off the file, so Load Checkpoint will do.',
  deprecated: true,
  inputs: {
    config_name: choice(
      [
        'anything_v3.yaml',
        'v1-inference.yaml',
        'v1-inference_clip_skip_2.yaml',
        'v1-inference_clip_skip_2_fp16.yaml',
        'v1-inference_fp16.yaml',
        'v1-inpainting-inference.yaml',
        'v2-inference-v.yaml',
        'v2-inference-v_fp32.yaml',
        'v2-inference.yaml',
        'v2-inference_fp32.yaml',
        'v2-inpainting-inference.yaml',
      ],
      { about: 'Decides only whether the text encoder’s last layer is left out.' },
    ),
    ckpt_name: file('checkpoints', { about: 'A file of the checkpoints folder.' }),
  },
  outputs: { MODEL: 'MODEL', CLIP: 'CLIP', VAE: 'VAE' },
  changed: ({ ckpt_name }, { models }) => modelStamp(models, 'checkpoints', ckpt_name),
  async run({ config_name, ckpt_name }, context) {
    const opened = await checkpointLoaderSimple.run({ ckpt_name }, context)
    const { clip } = await context.models.checkpoint(ckpt_name)
    return clip && early.has(config_name) ? { ...opened, CLIP: clip.withStopAtLayer(-2) } : opened
  },
})
