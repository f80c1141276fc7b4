import { dpmppSdeWith } from '../../sampling/samplers/dpmpp-sde.ts'
import { choice, defineNode, float } from '../define.ts'
import { etaField, noiseField } from '../sampling-fields.ts'

export const samplerDpmppSde = defineNode({
  type: 'SamplerDPMPP_SDE',
  title: 'SamplerDPMPP_SDE',
  category: 'sampling/custom_sampling/samplers',
  about: 'DPM-Solver++ for the SDE, with two looks a step.',
  inputs: {
    eta: etaField(),
    s_noise: noiseField(),
    r: float({
      default: 0.5,
      min: 0,
      max: 100,
      step: 0.01,
      about: 'Where in a step the second look is.',
    }),
    noise_device: choice(['gpu', 'cpu'], {
      about: 'Kept for workflows: noise is always drawn on the CPU.',
    }),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run({ eta, s_noise, r }) {
    if (r === 0) throw new Error('r must be above 0: the second look needs a place of its own.')
    return { SAMPLER: { run: dpmppSdeWith({ eta, noiseScale: s_noise, r }) } }
  },
})
