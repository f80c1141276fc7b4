import { cfgGuider as guided } from '../../sampling/guiders.ts'
import { defineNode, socket } from '../define.ts'
import { cfgField } from '../sampling-fields.ts'

export const cfgGuider = defineNode({
  type: 'CFGGuider',
  title: 'CFGGuider',
  category: 'sampling/custom_sampling/guiders',
  about: 'Follows one prompt and keeps away from another.',
  inputs: {
    model: socket('MODEL'),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    cfg: cfgField(),
  },
  outputs: { GUIDER: 'GUIDER' },
  run: ({ model, positive, negative, cfg }) => ({ GUIDER: guided(model, positive, negative, cfg) }),
})
