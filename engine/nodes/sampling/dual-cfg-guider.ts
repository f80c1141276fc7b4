import { dualCfgGuider as guided } from '../../sampling/guiders.ts'
import { choice, defineNode, socket } from '../define.ts'
import { cfgField } from '../sampling-fields.ts'

export const dualCfgGuider = defineNode({
  type: 'DualCFGGuider',
  title: 'DualCFGGuider',
  category: 'sampling/custom_sampling/guiders',
  about: 'Follows two prompts, each with a strength of its own, and keeps away from a third.',
  inputs: {
    model: socket('MODEL'),
    cond1: socket('CONDITIONING'),
    cond2: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    cfg_conds: cfgField('From the second prompt towards the first.'),
    cfg_cond2_negative: cfgField('From the negative towards the second prompt.'),
    style: choice(['regular', 'nested']),
  },
  outputs: { GUIDER: 'GUIDER' },
  run: ({ model, cond1, cond2, negative, cfg_conds, cfg_cond2_negative, style }) => ({
    GUIDER: guided(model, [cond1, cond2, negative], {
      first: cfg_conds,
      second: cfg_cond2_negative,
      nested: style === 'nested',
    }),
  }),
})
