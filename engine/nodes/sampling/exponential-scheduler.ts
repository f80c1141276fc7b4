import { exponentialSigmas } from '../../sampling/sigma-lists.ts'
import { defineNode } from '../define.ts'
import { sigmaMaxField, sigmaMinField, stepsField } from '../sampling-fields.ts'

export const exponentialScheduler = defineNode({
  type: 'ExponentialScheduler',
  title: 'ExponentialScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'Noise levels that fall by the same share in each step.',
  inputs: {
    steps: stepsField(),
    sigma_max: sigmaMaxField(),
    sigma_min: sigmaMinField(),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run({ steps, sigma_max, sigma_min }) {
    if (sigma_max === 0 || sigma_min === 0)
      throw new Error('sigma_max and sigma_min must be above 0 here: the levels are even in ln σ.')
    return { SIGMAS: exponentialSigmas({ sigmaMin: sigma_min, sigmaMax: sigma_max }, steps) }
  },
})
