import { roundHalfEven } from '../../image/resize.ts'
import { latentResizeMethods, latentShape, resizeLatent } from '../../sampling/latents.ts'
import { choice, defineNode, float, socket } from '../define.ts'

export const latentUpscaleBy = defineNode({
  type: 'LatentUpscaleBy',
  title: 'Upscale Latent By',
  category: 'latent',
  about: 'Resizes latents by a factor.',
  aliases: ['resize', 'scale', 'hires fix'],
  inputs: {
    samples: socket('LATENT'),
    upscale_method: choice(latentResizeMethods),
    scale_by: float({ default: 1.5, min: 0.01, max: 8, step: 0.01 }),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples, upscale_method, scale_by }) {
    const from = latentShape(samples.samples)
    const [width, height] = [from.width, from.height].map(s => roundHalfEven(s * scale_by))
    const resized = resizeLatent(samples.samples, width!, height!, upscale_method)
    return { LATENT: { ...samples, samples: resized } }
  },
})
