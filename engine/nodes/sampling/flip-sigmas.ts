import { flippedSigmas } from '../../sampling/sigma-lists.ts'
import { defineNode, socket } from '../define.ts'

export const flipSigmas = defineNode({
  type: 'FlipSigmas',
  title: 'FlipSigmas',
  category: 'sampling/custom_sampling/sigmas',
  about: 'Turns the noise levels round: adds noise along the way back instead of removing it.',
  inputs: {
    sigmas: socket('SIGMAS'),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run: ({ sigmas }) => ({ SIGMAS: flippedSigmas(sigmas) }),
})
