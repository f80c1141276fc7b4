import { combine, latentShape, repeatBatch, resizeLatent } from '../../sampling/latents.ts'
import { defineNode, float, socket } from '../define.ts'

export const latentBlend = defineNode({
  type: 'LatentBlend',
  title: 'Latent Blend',
  category: '_for_testing',
  about: 'Mixes two latents: at 1 only the first counts.',
  aliases: ['mix'],
  inputs: {
    samples1: socket('LATENT'),
    samples2: socket('LATENT'),
    blend_factor: float({ default: 0.5, min: 0, max: 1, step: 0.01 }),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples1, samples2, blend_factor }) {
    const [to, from] = [latentShape(samples1.samples), latentShape(samples2.samples)]
    const same = to.width === from.width && to.height === from.height
    const other = same
      ? samples2.samples
      : resizeLatent(samples2.samples, to.width, to.height, 'bicubic', 'center')
    // A batch of one goes with any other.
    const batch = to.batch === 1 ? from.batch : to.batch
    const mixed = combine(
      repeatBatch(samples1.samples, batch),
      repeatBatch(other, batch),
      (a, b) => a * blend_factor + b * (1 - blend_factor),
    )
    return { LATENT: { ...samples1, samples: mixed } }
  },
})
