import { laplaceSigmas } from '../../sampling/sigma-lists.ts'
import { defineNode, float } from '../define.ts'
import { sigmaMaxField, sigmaMinField, stepsField } from '../sampling-fields.ts'

export const laplaceScheduler = defineNode({
  type: 'LaplaceScheduler',
  title: 'LaplaceScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'Noise levels that lie as a Laplace distribution does. Ends above 0.',
  inputs: {
    steps: stepsField(),
    sigma_max: sigmaMaxField(),
    sigma_min: sigmaMinField(),
    mu: float({
      default: 0,
      min: -10,
      max: 10,
      step: 0.1,
      about: 'Where most steps lie, as ln σ.',
    }),
    beta: float({ default: 0.5, min: 0, max: 10, step: 0.1, about: 'How far they spread.' }),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run: ({ steps, sigma_max, sigma_min, ...shape }) => ({
    SIGMAS: laplaceSigmas({ sigmaMin: sigma_min, sigmaMax: sigma_max }, steps, shape),
  }),
})
