import { vpSigmas } from '../../sampling/sigma-lists.ts'
import { defineNode, float } from '../define.ts'
import { stepsField } from '../sampling-fields.ts'

export const vpScheduler = defineNode({
  type: 'VPScheduler',
  title: 'VPScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'Noise levels of the variance-preserving SDE.',
  inputs: {
    steps: stepsField(),
    beta_d: float({ default: 19.9, min: 0, max: 5000, step: 0.01 }),
    beta_min: float({ default: 0.1, min: 0, max: 5000, step: 0.01 }),
    eps_s: float({
      default: 0.001,
      min: 0,
      max: 1,
      step: 0.0001,
      about: 'The time of the last step.',
    }),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run: ({ steps, beta_d, beta_min, eps_s }) => ({
    SIGMAS: vpSigmas(steps, { betaD: beta_d, betaMin: beta_min, end: eps_s }),
  }),
})
