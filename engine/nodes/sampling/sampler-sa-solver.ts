import { saSolverWith } from '../../sampling/samplers/sa-solver.ts'
import { defineNode, float, int, socket, toggle } from '../define.ts'
import { etaField, noiseField } from '../sampling-fields.ts'

export const samplerSaSolver = defineNode({
  type: 'SamplerSASolver',
  title: 'SamplerSASolver',
  category: 'sampling/custom_sampling/samplers',
  about:
    'A stochastic Adams solver with a predictor and a corrector; noise only in a part of the run.',
  inputs: {
    model: socket('MODEL', 'Says which noise the percentages mean.'),
    eta: etaField(10),
    sde_start_percent: float({
      default: 0.2,
      min: 0,
      max: 1,
      step: 0.001,
      about: 'Noise from here.',
    }),
    sde_end_percent: float({
      default: 0.8,
      min: 0,
      max: 1,
      step: 0.001,
      about: 'Noise up to here.',
    }),
    s_noise: noiseField(),
    predictor_order: int({ default: 3, min: 1, max: 6 }),
    corrector_order: int({ default: 4, min: 0, max: 6, about: '0: no corrector.' }),
    use_pece: toggle({ about: 'Looks at the model again after each correction.' }),
    simple_order_2: toggle({ about: 'Simpler weights at order 2.' }),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ model: { sampling }, ...inputs }) => ({
    SAMPLER: {
      run: saSolverWith({
        eta: inputs.eta,
        noiseScale: inputs.s_noise,
        predictorOrder: inputs.predictor_order,
        correctorOrder: inputs.corrector_order,
        evaluateCorrected: inputs.use_pece,
        simpleOrder2: inputs.simple_order_2,
        noiseRange: {
          start: sampling.percentToSigma(inputs.sde_start_percent),
          end: sampling.percentToSigma(inputs.sde_end_percent),
        },
      }),
    },
  }),
})
