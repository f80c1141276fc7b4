import { risingCfg } from '../../sampling/batch-cfg.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket } from '../define.ts'

export const videoLinearCfgGuidance = defineNode({
  type: 'VideoLinearCFGGuidance',
  title: 'VideoLinearCFGGuidance',
  category: 'sampling/video_models',
  about: 'Lets cfg rise over the pictures of a batch, from min_cfg at the first to the full one.',
  aliases: ['frames'],
  inputs: {
    model: socket('MODEL'),
    min_cfg: float({ default: 1, min: 0, max: 100, step: 0.5, round: 0.01 }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, min_cfg }) => ({ MODEL: withGuidance(model, risingCfg(min_cfg)) }),
})
