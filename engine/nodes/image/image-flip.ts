import { flip } from '../../image/orientation.ts'
import { choice, defineNode, socket } from '../define.ts'

export const imageFlip = defineNode({
  type: 'ImageFlip',
  title: 'Image Flip',
  category: 'image/transform',
  about: 'Mirrors a picture: upside down, or left for right.',
  aliases: ['mirror'],
  inputs: {
    image: socket('IMAGE'),
    flip_method: choice(['x-axis: vertically', 'y-axis: horizontally']),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, flip_method }) => ({
    IMAGE: flip(image, flip_method.startsWith('x') ? 'vertical' : 'horizontal'),
  }),
})
