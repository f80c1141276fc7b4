import { randomNoise as drawn } from '../../sampling/sample.ts'
import { defineNode, seed } from '../define.ts'

export const randomNoise = defineNode({
  type: 'RandomNoise',
  title: 'RandomNoise',
  category: 'sampling/custom_sampling/noise',
  about: 'The noise that a run starts from, by its seed.',
  inputs: { noise_seed: seed() },
  outputs: { NOISE: 'NOISE' },
  run: ({ noise_seed }) => ({ NOISE: drawn(noise_seed) }),
})
