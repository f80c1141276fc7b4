import { latentShape, rearrange } from '../../sampling/latents.ts'
import { choice, defineNode, socket } from '../define.ts'

export const latentFlip = defineNode({
  type: 'LatentFlip',
  title: 'Flip Latent',
  category: 'latent/transform',
  about: 'Mirrors latents.',
  aliases: ['mirror'],
  inputs: {
    samples: socket('LATENT'),
    flip_method: choice(['x-axis: vertically', 'y-axis: horizontally']),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples, flip_method }) {
    const { width, height } = latentShape(samples.samples)
    const flipped = rearrange(samples.samples, width, height, (x, y) =>
      flip_method.startsWith('x') ? (height - 1 - y) * width + x : y * width + width - 1 - x,
    )
    return { LATENT: { ...samples, samples: flipped } }
  },
})
