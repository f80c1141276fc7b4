import { tensor } from '../../tensor.ts'
import { defineNode, float, socket } from '../define.ts'

export const adjustBrightness = defineNode({
  type: 'AdjustBrightness',
  title: 'Adjust Brightness',
  category: 'image/color',
  about: 'Makes pictures darker (below 1) or brighter (above 1).',
  aliases: ['light', 'exposure', 'dark'],
  inputs: {
    images: socket('IMAGE'),
    factor: float({ default: 1, min: 0, max: 2, step: 0.01 }),
  },
  outputs: { images: 'IMAGE' },
  run: ({ images: { shape, data }, factor }) => ({
    images: tensor(
      shape,
      data.map(value => Math.min(Math.max(value * factor, 0), 1)),
    ),
  }),
})
