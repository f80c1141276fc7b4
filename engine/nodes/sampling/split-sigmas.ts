import { splitSigmas as split } from '../../sampling/sigma-lists.ts'
import { defineNode, int, socket } from '../define.ts'

export const splitSigmas = defineNode({
  type: 'SplitSigmas',
  title: 'SplitSigmas',
  category: 'sampling/custom_sampling/sigmas',
  about: 'Cuts a run in two at a step: one sampler for the rough, another for the fine.',
  inputs: {
    sigmas: socket('SIGMAS'),
    step: int({ default: 0, min: 0, max: 10000 }),
  },
  outputs: { high_sigmas: 'SIGMAS', low_sigmas: 'SIGMAS' },
  run({ sigmas, step }) {
    const { high, low } = split(sigmas, step)
    return { high_sigmas: high, low_sigmas: low }
  },
})
