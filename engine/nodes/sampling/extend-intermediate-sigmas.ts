import { extendedSigmas, sigmaSpacings } from '../../sampling/sigma-lists.ts'
import { choice, defineNode, float, int, socket } from '../define.ts'

export const extendIntermediateSigmas = defineNode({
  type: 'ExtendIntermediateSigmas',
  title: 'ExtendIntermediateSigmas',
  category: 'sampling/custom_sampling/sigmas',
  about: 'Cuts the steps of one part of a run into smaller ones.',
  inputs: {
    sigmas: socket('SIGMAS'),
    steps: int({ default: 2, min: 1, max: 100, about: 'Into how many each step is cut.' }),
    start_at_sigma: float({
      default: -1,
      min: -1,
      max: 20000,
      step: 0.01,
      about: 'Steps that start above it stay whole. Below 0: none.',
    }),
    end_at_sigma: float({
      default: 12,
      min: 0,
      max: 20000,
      step: 0.01,
      about: 'Steps that start below it stay whole.',
    }),
    spacing: choice(sigmaSpacings),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run({ sigmas, steps: parts, start_at_sigma, end_at_sigma: to, spacing }) {
    const from = start_at_sigma < 0 ? Number.POSITIVE_INFINITY : start_at_sigma
    return { SIGMAS: extendedSigmas(sigmas, { parts, from, to, spacing }) }
  },
})
