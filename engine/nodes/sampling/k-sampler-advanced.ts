import { sample } from '../../sampling/sample.ts'
import { discardsPenultimate, samplerNames } from '../../sampling/samplers/registry.ts'
import { cutSigmas, runSigmas, scheduleNames } from '../../sampling/schedules.ts'
import { choice, defineNode, float, int, seed, socket } from '../define.ts'

export const kSamplerAdvanced = defineNode({
  type: 'KSamplerAdvanced',
  title: 'KSampler (Advanced)',
  category: 'sampling',
  about: 'Runs part of a sampling, so that one run can be shared between several nodes.',
  aliases: ['sampler', 'refiner', 'steps'],
  inputs: {
    model: socket('MODEL'),
    add_noise: choice(['enable', 'disable'], { about: 'Off when the latent is noisy already.' }),
    noise_seed: seed(),
    steps: int({ default: 20, min: 1, max: 10000 }),
    cfg: float({ default: 8, min: 0, max: 100, step: 0.1, round: 0.01 }),
    sampler_name: choice(samplerNames),
    scheduler: choice(scheduleNames),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    latent_image: socket('LATENT'),
    start_at_step: int({ default: 0, min: 0, max: 10000 }),
    end_at_step: int({ default: 10000, min: 0, max: 10000 }),
    return_with_leftover_noise: choice(['disable', 'enable'], {
      about: 'On when another sampler goes on from here.',
    }),
  },
  outputs: { LATENT: 'LATENT' },
  async run(inputs, context) {
    const { model, positive, negative, latent_image: latent, noise_seed, steps, cfg } = inputs
    const { sampler_name: sampler, scheduler, start_at_step, end_at_step } = inputs
    const whole = runSigmas(model.sampling, scheduler, {
      steps,
      discardPenultimate: discardsPenultimate.has(sampler),
    })
    const sigmas = cutSigmas(whole, {
      from: start_at_step,
      to: end_at_step,
      finish: inputs.return_with_leftover_noise === 'disable',
    })
    const addNoise = inputs.add_noise === 'enable'
    const guidance = { positive, negative, cfg }
    const options = { model, ...guidance, latent, seed: noise_seed, sampler, sigmas, addNoise }
    return { LATENT: { ...latent, samples: await sample(options, context) } }
  },
})
