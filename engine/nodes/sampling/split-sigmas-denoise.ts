import { splitSigmasByShare } from '../../sampling/sigma-lists.ts'
import { defineNode, socket } from '../define.ts'
import { denoiseField } from '../sampling-fields.ts'

export const splitSigmasDenoise = defineNode({
  type: 'SplitSigmasDenoise',
  title: 'SplitSigmasDenoise',
  category: 'sampling/custom_sampling/sigmas',
  about: 'Cuts a run in two so that the second part is a share of its steps.',
  inputs: {
    sigmas: socket('SIGMAS'),
    denoise: denoiseField('The share of the second part.'),
  },
  outputs: { high_sigmas: 'SIGMAS', low_sigmas: 'SIGMAS' },
  run({ sigmas, denoise }) {
    const { high, low } = splitSigmasByShare(sigmas, denoise)
    return { high_sigmas: high, low_sigmas: low }
  },
})
