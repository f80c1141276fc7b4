import { dpmpp2mSdeWith } from '../../sampling/samplers/dpmpp-sde.ts'
import { choice, defineNode } from '../define.ts'
import { etaField, noiseField } from '../sampling-fields.ts'

export const samplerDpmpp2mSde = defineNode({
  type: 'SamplerDPMPP_2M_SDE',
  title: 'SamplerDPMPP_2M_SDE',
  category: 'sampling/custom_sampling/samplers',
  about: 'DPM-Solver++ for the SDE, of second order from the last step.',
  inputs: {
    solver_type: choice(['midpoint', 'heun']),
    eta: etaField(),
    s_noise: noiseField(),
    noise_device: choice(['gpu', 'cpu'], {
      about: 'Kept for workflows: noise is always drawn on the CPU.',
    }),
  },
  outputs: { SAMPLER: 'SAMPLER' },
  run: ({ solver_type: solver, eta, s_noise }) => ({
    SAMPLER: { run: dpmpp2mSdeWith({ solver, eta, noiseScale: s_noise }) },
  }),
})
