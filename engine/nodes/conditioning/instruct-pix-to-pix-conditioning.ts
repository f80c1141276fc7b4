import { tensor } from '../../tensor.ts'
import { defineNode, socket } from '../define.ts'

export const instructPixToPixConditioning = defineNode({
  type: 'InstructPixToPixConditioning',
  title: 'InstructPixToPixConditioning',
  category: 'conditioning/instructpix2pix',
  about: 'Shows an instruct-pix2pix model the picture that the prompt says how to edit.',
  aliases: ['edit'],
  inputs: {
    positive: socket('CONDITIONING', 'The instruction.'),
    negative: socket('CONDITIONING'),
    vae: socket('VAE'),
    pixels: socket('IMAGE'),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING', latent: 'LATENT' },
  async run({ positive, negative, vae, pixels }, { signal, progress }) {
    const joinedLatent = await vae.encode(pixels, { signal, progress })
    return {
      positive: positive.map(item => ({ ...item, joinedLatent })),
      negative: negative.map(item => ({ ...item, joinedLatent })),
      latent: { samples: tensor(joinedLatent.shape) },
    }
  },
})
