import { cfgGuider } from '../../sampling/guiders.ts'
import { noNoise, randomNoise, sampleWith } from '../../sampling/sample.ts'
import { defineNode, seed, socket, toggle } from '../define.ts'
import { cfgField } from '../sampling-fields.ts'

export const samplerCustom = defineNode({
  type: 'SamplerCustom',
  title: 'SamplerCustom',
  category: 'sampling/custom_sampling',
  about: 'Draws as KSampler does, with a sampler and noise levels of your choice.',
  aliases: ['sampler', 'custom'],
  inputs: {
    model: socket('MODEL'),
    add_noise: toggle({ default: true, about: 'Off when the latent is noisy already.' }),
    noise_seed: seed(),
    cfg: cfgField(),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    sampler: socket('SAMPLER'),
    sigmas: socket('SIGMAS'),
    latent_image: socket('LATENT'),
  },
  outputs: { output: 'LATENT', denoised_output: 'LATENT' },
  async run({ model, positive, negative, cfg, sampler, sigmas, ...inputs }, context) {
    const { add_noise, noise_seed, latent_image: latent } = inputs
    const guider = cfgGuider(model, positive, negative, cfg)
    const noise = add_noise ? randomNoise(noise_seed) : noNoise(noise_seed)
    const { output, denoised } = await sampleWith(
      { guider, sampler, sigmas, noise, latent },
      context,
    )
    return {
      output: { ...latent, samples: output },
      denoised_output: { ...latent, samples: denoised },
    }
  },
})
