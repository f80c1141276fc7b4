import { karrasSigmas } from '../../sampling/sigma-lists.ts'
import { defineNode, float } from '../define.ts'
import { sigmaMaxField, sigmaMinField, stepsField } from '../sampling-fields.ts'

export const karrasScheduler = defineNode({
  type: 'KarrasScheduler',
  title: 'KarrasScheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'Noise levels after Karras: dense towards the end.',
  inputs: {
    steps: stepsField(),
    sigma_max: sigmaMaxField(),
    sigma_min: sigmaMinField(),
    rho: float({
      default: 7,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Higher puts more steps at the end.',
    }),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run({ steps, sigma_max, sigma_min, rho }) {
    if (rho === 0) throw new Error('rho must be above 0.')
    return { SIGMAS: karrasSigmas({ sigmaMin: sigma_min, sigmaMax: sigma_max }, steps, rho) }
  },
})
