import { TorchGenerator } from '../../sampling/noise.ts'
import { tensor } from '../../tensor.ts'
import { defineNode, float, seed, socket } from '../define.ts'

export const imageAddNoise = defineNode({
  type: 'ImageAddNoise',
  title: 'ImageAddNoise',
  category: 'image',
  about: 'Adds random grain to a picture.',
  aliases: ['grain', 'film'],
  inputs: {
    image: socket('IMAGE'),
    seed: seed('The same number gives the same grain.'),
    strength: float({ default: 0.5, min: 0, max: 1, step: 0.01 }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, seed, strength }) {
    const noise = new TorchGenerator(BigInt(seed)).normal(image.data.length)
    const out = tensor(image.shape, noise)
    for (let i = 0; i < noise.length; i++) {
      const value = image.data[i]! + strength * noise[i]!
      out.data[i] = value < 0 ? 0 : Math.min(value, 1)
    }
    return { IMAGE: out }
  },
})
