import { renormCfg } from '../../sampling/guidance-scaling.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket } from '../define.ts'

export const renormCfgNode = defineNode({
  type: 'RenormCFG',
  title: 'RenormCFG',
  category: 'advanced/model',
  about:
    'Guidance for Lumina 2: only at low noise, and never stronger than the positive answer allows.',
  inputs: {
    model: socket('MODEL'),
    cfg_trunc: float({
      default: 100,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Guidance below this noise.',
    }),
    renorm_cfg: float({ default: 1, min: 0, max: 100, step: 0.01, about: '0: no limit.' }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, cfg_trunc, renorm_cfg }) => ({
    MODEL: withGuidance(model, renormCfg(cfg_trunc, renorm_cfg)),
  }),
})
