import { defineNode, float, socket, toggle } from '../define.ts'

export const samplingPercentToSigma = defineNode({
  type: 'SamplingPercentToSigma',
  title: 'SamplingPercentToSigma',
  category: 'sampling/custom_sampling/sigmas',
  about: 'The noise level at a share of the run, as timestep ranges mean it.',
  inputs: {
    model: socket('MODEL'),
    sampling_percent: float({ default: 0, min: 0, max: 1, step: 0.0001 }),
    return_actual_sigma: toggle({
      about:
        'At 0 and 1 the model’s own limits, not the values that mean "before" and "after" all.',
    }),
  },
  outputs: { sigma_value: 'FLOAT' },
  run({ model: { sampling }, sampling_percent: share, return_actual_sigma: actual }) {
    if (actual && share === 0) return { sigma_value: sampling.sigmaMax }
    if (actual && share === 1) return { sigma_value: sampling.sigmaMin }
    return { sigma_value: sampling.percentToSigma(share) }
  },
})
