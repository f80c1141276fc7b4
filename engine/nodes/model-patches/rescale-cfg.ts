import { rescaleCfg } from '../../sampling/guidance-scaling.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket } from '../define.ts'

export const rescaleCfgNode = defineNode({
  type: 'RescaleCFG',
  title: 'RescaleCFG',
  category: 'advanced/model',
  about:
    'Keeps a high cfg from washing out or burning: gives the result the contrast of the positive answer.',
  inputs: {
    model: socket('MODEL'),
    multiplier: float({ default: 0.7, min: 0, max: 1, step: 0.01, about: '0 changes nothing.' }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, multiplier }) => ({ MODEL: withGuidance(model, rescaleCfg(multiplier)) }),
})
