import { defineNode, text } from '../define.ts'

export const manualSigmas = defineNode({
  type: 'ManualSigmas',
  title: 'ManualSigmas',
  category: 'sampling/custom_sampling/sigmas',
  about: 'Noise levels that are written down, highest first.',
  inputs: {
    sigmas: text({ default: '1, 0.5' }),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run({ sigmas }) {
    const numbers = sigmas.match(/[-+]?(?:\d*\.)?\d+(?:[eE][-+]?\d+)?/g) ?? []
    return { SIGMAS: Float32Array.from(numbers, Number) }
  },
})
