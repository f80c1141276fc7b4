import { adaptiveProjection } from '../../sampling/guidance-projection.ts'
import { withGuidance } from '../../sampling/model-patches.ts'
import { defineNode, float, socket } from '../define.ts'

export const apg = defineNode({
  type: 'APG',
  title: 'Adaptive Projected Guidance',
  category: 'sampling/custom_sampling',
  about: 'High cfg without burnt colours: guidance along the picture itself is held back.',
  inputs: {
    model: socket('MODEL'),
    eta: float({
      default: 1,
      min: -10,
      max: 10,
      step: 0.01,
      about: 'How much counts of guidance along the picture. 1: all, as without this node.',
    }),
    norm_threshold: float({
      default: 5,
      min: 0,
      max: 50,
      step: 0.1,
      about: 'The longest that guidance may be. 0: no limit.',
    }),
    momentum: float({
      default: 0,
      min: -5,
      max: 1,
      step: 0.01,
      about: 'Share of earlier steps. Below 0 it works against them.',
    }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, eta, norm_threshold: normThreshold, momentum }) => ({
    MODEL: withGuidance(model, adaptiveProjection({ eta, normThreshold, momentum })),
  }),
})
