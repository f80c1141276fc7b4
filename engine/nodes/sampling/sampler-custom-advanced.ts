import { sampleWith } from '../../sampling/sample.ts'
import { defineNode, socket } from '../define.ts'

export const samplerCustomAdvanced = defineNode({
  type: 'SamplerCustomAdvanced',
  title: 'SamplerCustomAdvanced',
  category: 'sampling/custom_sampling',
  about: 'Draws with noise, guidance, sampler and noise levels each from a node of its own.',
  aliases: ['sampler', 'custom', 'flux'],
  inputs: {
    noise: socket('NOISE'),
    guider: socket('GUIDER'),
    sampler: socket('SAMPLER'),
    sigmas: socket('SIGMAS'),
    latent_image: socket('LATENT'),
  },
  outputs: { output: 'LATENT', denoised_output: 'LATENT' },
  async run({ latent_image: latent, ...run }, context) {
    const { output, denoised } = await sampleWith({ ...run, latent }, context)
    return {
      output: { ...latent, samples: output },
      denoised_output: { ...latent, samples: denoised },
    }
  },
})
