import { perpNegGuider as guided } from '../../sampling/guiders.ts'
import { defineNode, float, socket } from '../define.ts'
import { cfgField } from '../sampling-fields.ts'

export const perpNegGuider = defineNode({
  type: 'PerpNegGuider',
  title: 'PerpNegGuider',
  category: '_for_testing',
  about: 'Keeps away from the negative only where it does not contradict the positive (Perp-Neg).',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    empty_conditioning: socket('CONDITIONING', 'The empty prompt.'),
    cfg: cfgField(),
    neg_scale: float({ default: 1, min: 0, max: 100, step: 0.01 }),
  },
  outputs: { GUIDER: 'GUIDER' },
  run: ({ model, positive, negative, empty_conditioning: empty, cfg, neg_scale }) => ({
    GUIDER: guided(model, [positive, negative, empty], cfg, neg_scale),
  }),
})
