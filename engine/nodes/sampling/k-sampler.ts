import { sample } from '../../sampling/sample.ts'
import { discardsPenultimate, samplerNames } from '../../sampling/samplers/registry.ts'
import { runSigmas, scheduleNames } from '../../sampling/schedules.ts'
import { choice, defineNode, float, int, seed, socket } from '../define.ts'

export const kSampler = defineNode({
  type: 'KSampler',
  title: 'KSampler',
  category: 'sampling',
  about: 'Draws: starts from noise, or from a noised latent, and removes it step by step.',
  aliases: ['sampler', 'generate', 'denoise', 'img2img', 'txt2img'],
  inputs: {
    model: socket('MODEL'),
    seed: seed('The same seed and settings draw the same picture.'),
    steps: int({
      default: 20,
      min: 1,
      max: 10000,
      about: 'More steps take longer, up to a point they help.',
    }),
    cfg: float({
      default: 8,
      min: 0,
      max: 100,
      step: 0.1,
      round: 0.01,
      about:
        'How closely the prompts are followed. Too high burns colours; 1 ignores the negative.',
    }),
    sampler_name: choice(samplerNames, { about: 'The method by which noise is removed.' }),
    scheduler: choice(scheduleNames, { about: 'How the steps are spread over noise levels.' }),
    positive: socket('CONDITIONING', 'What to draw.'),
    negative: socket('CONDITIONING', 'What to avoid.'),
    latent_image: socket('LATENT', 'Where to start, and how large.'),
    denoise: float({
      default: 1,
      min: 0,
      max: 1,
      step: 0.01,
      about: 'Below 1 the latent is kept to that degree: image to image.',
    }),
  },
  outputs: { LATENT: 'LATENT' },
  async run(inputs, context) {
    const { model, seed, steps, cfg, sampler_name, scheduler, denoise } = inputs
    const sigmas = runSigmas(model.sampling, scheduler, {
      steps,
      denoise,
      discardPenultimate: discardsPenultimate.has(sampler_name),
    })
    const { positive, negative, latent_image: latent } = inputs
    const options = { model, positive, negative, latent, seed, cfg, sampler: sampler_name, sigmas }
    return { LATENT: { ...latent, samples: await sample(options, context) } }
  },
})
