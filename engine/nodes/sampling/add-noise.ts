import { addNoiseTo } from '../../sampling/add-noise.ts'
import { defineNode, socket } from '../define.ts'

export const addNoise = defineNode({
  type: 'AddNoise',
  title: 'AddNoise',
  category: '_for_testing/custom_sampling/noise',
  about: 'Puts as much noise on a latent as a run over these noise levels would remove.',
  inputs: {
    model: socket('MODEL'),
    noise: socket('NOISE'),
    sigmas: socket('SIGMAS'),
    latent_image: socket('LATENT'),
  },
  outputs: { LATENT: 'LATENT' },
  run: ({ model, noise, sigmas, latent_image: latent }) => ({
    LATENT: { ...latent, samples: addNoiseTo(model, latent, noise, sigmas) },
  }),
})
