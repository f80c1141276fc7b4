import { noNoise } from '../../sampling/sample.ts'
import { defineNode } from '../define.ts'

export const disableNoise = defineNode({
  type: 'DisableNoise',
  title: 'DisableNoise',
  category: 'sampling/custom_sampling/noise',
  about: 'No noise at the start, for a latent that has some already.',
  inputs: {},
  outputs: { NOISE: 'NOISE' },
  run: () => ({ NOISE: noNoise() }),
})
