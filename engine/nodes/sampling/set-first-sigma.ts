import { defineNode, float, socket } from '../define.ts'

export const setFirstSigma = defineNode({
  type: 'SetFirstSigma',
  title: 'SetFirstSigma',
  category: 'sampling/custom_sampling/sigmas',
  about: 'Sets the noise level that a run starts from.',
  inputs: {
    sigmas: socket('SIGMAS'),
    sigma: float({ default: 136, min: 0, max: 20000, step: 0.001 }),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run: ({ sigmas, sigma }) => ({ SIGMAS: sigmas.map((value, i) => (i === 0 ? sigma : value)) }),
})
