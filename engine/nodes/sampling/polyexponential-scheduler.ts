import { polyexponentialSigmas } from '../../sampling/sigma-lists.ts'
import { defineNode, float } from '../define.ts'
import { sigmaMaxField, sigmaMinField, stepsField } from '../sampling-fields.ts'

export const polyexponentialScheduler = defineNode({
  type: 'PolyexponentialScheduler',
  title: 'PolyexponentialScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'Noise levels along a power of a ramp in ln σ.',
  inputs: {
    steps: stepsField(),
    sigma_max: sigmaMaxField(),
    sigma_min: sigmaMinField(),
    rho: float({
      default: 1,
      min: 0,
      max: 100,
      step: 0.01,
      about: '1 is the exponential schedule.',
    }),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run({ steps, sigma_max, sigma_min, rho }) {
    if (sigma_max === 0 || sigma_min === 0)
      throw new Error('sigma_max and sigma_min must be above 0 here: the levels are even in ln σ.')
    return {
      SIGMAS: polyexponentialSigmas({ sigmaMin: sigma_min, sigmaMax: sigma_max }, steps, rho),
    }
  },
})
