import { triangularCfg } from '../../sampling/batch-cfg.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket } from '../define.ts'

export const videoTriangleCfgGuidance = defineNode({
  type: 'VideoTriangleCFGGuidance',
  title: 'VideoTriangleCFGGuidance',
  category: 'sampling/video_models',
  about: 'Lets cfg rise to the middle picture of a batch and fall again, from and to min_cfg.',
  aliases: ['frames'],
  inputs: {
    model: socket('MODEL'),
    min_cfg: float({ default: 1, min: 0, max: 100, step: 0.5, round: 0.01 }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, min_cfg }) => ({ MODEL: withGuidance(model, triangularCfg(min_cfg)) }),
})
