import { cutLatent } from '../../sampling/latent-pieces.ts'
import { defineNode, int, socket } from '../define.ts'

export const trimVideoLatent = defineNode({
  type: 'TrimVideoLatent',
  title: 'TrimVideoLatent',
  category: 'latent/video',
  about: 'Drops latent pictures from the beginning of a video.',
  aliases: ['cut', 'crop'],
  inputs: { samples: socket('LATENT'), trim_amount: int({ default: 0, min: 0, max: 99999 }) },
  outputs: { LATENT: 'LATENT' },
  run({ samples: latent, trim_amount }) {
    const length = latent.samples.shape.at(-3)!
    if (trim_amount >= length)
      throw new Error(`The video has ${length} latent pictures. Drop fewer than that.`)
    const samples = cutLatent(latent.samples, 't', trim_amount, length)
    return { LATENT: { ...latent, samples } }
  },
})
