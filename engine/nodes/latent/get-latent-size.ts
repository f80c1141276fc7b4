import { defineNode, socket } from '../define.ts'

export const getLatentSize = defineNode({
  type: 'GetLatentSize',
  title: 'Get Image/Video Latent Size',
  category: 'latent',
  about: 'Width, height, length and batch of a latent, in latent pixels.',
  aliases: ['dimensions', 'width', 'height', 'frames'],
  inputs: { latent: socket('LATENT') },
  outputs: { width: 'INT', height: 'INT', frames: 'INT', batch_size: 'INT' },
  run({ latent: { samples } }) {
    const { shape } = samples
    return {
      width: shape.at(-1)!,
      height: shape.at(-2)!,
      frames: shape.length > 4 ? shape.at(-3)! : 1,
      batch_size: shape[0]!,
    }
  },
})
