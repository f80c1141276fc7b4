import { ditherings, quantize } from '../../image/quantize.ts'
import { choice, defineNode, int, socket } from '../define.ts'

export const imageQuantize = defineNode({
  type: 'ImageQuantize',
  title: 'Image Quantize',
  category: 'image/postprocessing',
  about: 'Reduces a picture to a few colours of its own.',
  aliases: ['palette', 'posterize', 'dither', 'pixel art'],
  inputs: {
    image: socket('IMAGE'),
    colors: int({ default: 256, min: 1, max: 256 }),
    dither: choice(ditherings, { about: 'How the lost shades are spread over neighbours.' }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, colors, dither }) => ({ IMAGE: quantize(image, colors, dither) }),
})
