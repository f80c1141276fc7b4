import { erSdeWith } from '../../sampling/samplers/er-sde.ts'
import { choice, defineNode, float, int } from '../define.ts'
import { noiseField } from '../sampling-fields.ts'

export const samplerErSde = defineNode({
  type: 'SamplerER_SDE',
  title: 'SamplerER_SDE',
  category: 'sampling/custom_sampling/samplers',
  about: 'Extended reverse-time SDE solvers.',
  inputs: {
    solver_type: choice(['ER-SDE', 'Reverse-time SDE', 'ODE']),
    max_stage: int({ default: 3, min: 1, max: 3, about: 'The order.' }),
    eta: float({
      default: 1,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Noise of the reverse-time SDE; the other two take no notice.',
    }),
    s_noise: noiseField(),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ solver_type: type, max_stage: stages, eta, s_noise }) => ({
    SAMPLER: { run: erSdeWith({ type, stages, eta, noiseScale: s_noise }) },
  }),
})
