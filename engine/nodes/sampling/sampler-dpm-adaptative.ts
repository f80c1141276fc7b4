import { dpmAdaptiveWith } from '../../sampling/samplers/dpm-solver.ts'
import { defineNode, float, int } from '../define.ts'
import { noiseField } from '../sampling-fields.ts'

export const samplerDpmAdaptative = defineNode({
  type: 'SamplerDPMAdaptative',
  title: 'SamplerDPMAdaptative',
  category: 'sampling/custom_sampling/samplers',
  about:
    'Chooses its own steps by the error it makes. The number of steps in the schedule does not matter.',
  inputs: {
    order: int({ default: 3, min: 2, max: 3 }),
    rtol: float({
      default: 0.05,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'The error allowed, as a share.',
    }),
    atol: float({
      default: 0.0078,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'The error allowed in any case.',
    }),
    h_init: float({
      default: 0.05,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'The first step, in ln σ.',
    }),
    pcoeff: float({
      default: 0,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Proportional part of the step control.',
    }),
    icoeff: float({
      default: 1,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Integral part of the step control.',
    }),
    dcoeff: float({
      default: 0,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Derivative part of the step control.',
    }),
    accept_safety: float({
      default: 0.81,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Higher throws more steps away.',
    }),
    eta: float({
      default: 0,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Share of noise that is drawn anew.',
    }),
    s_noise: noiseField(),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: inputs => ({
    SAMPLER: {
      run: dpmAdaptiveWith({
        order: inputs.order,
        relativeTolerance: inputs.rtol,
        absoluteTolerance: inputs.atol,
        firstStep: inputs.h_init,
        proportional: inputs.pcoeff,
        integral: inputs.icoeff,
        derivative: inputs.dcoeff,
        acceptSafety: inputs.accept_safety,
        eta: inputs.eta,
        noiseScale: inputs.s_noise,
      }),
    },
  }),
})
