import { latentShape, rearrange } from '../../sampling/latents.ts'
import { choice, defineNode, socket } from '../define.ts'

export const latentRotate = defineNode({
  type: 'LatentRotate',
  title: 'Rotate Latent',
  category: 'latent/transform',
  about: 'Turns latents clockwise.',
  inputs: {
    samples: socket('LATENT'),
    rotation: choice(['none', '90 degrees', '180 degrees', '270 degrees']),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples, rotation }) {
    const quarters = rotation === 'none' ? 0 : Number.parseInt(rotation, 10) / 90
    let turned = samples.samples
    for (let i = 0; i < quarters; i++) {
      const { width, height } = latentShape(turned)
      turned = rearrange(turned, height, width, (x, y) => (height - 1 - x) * width + y)
    }
    return { LATENT: { ...samples, samples: turned } }
  },
})
