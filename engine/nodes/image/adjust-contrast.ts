import { tensor } from '../../tensor.ts'
import { defineNode, float, socket } from '../define.ts'

export const adjustContrast = defineNode({
  type: 'AdjustContrast',
  title: 'Adjust Contrast',
  category: 'image/color',
  about: 'Draws the values of pictures towards middle grey (below 1) or away from it (above 1).',
  aliases: ['flat', 'punchy'],
  inputs: {
    images: socket('IMAGE'),
    factor: float({ default: 1, min: 0, max: 2, step: 0.01 }),
  },
  outputs: { images: 'IMAGE' },
  run: ({ images: { shape, data }, factor }) => ({
    images: tensor(
      shape,
      data.map(value => Math.min(Math.max((value - 0.5) * factor + 0.5, 0), 1)),
    ),
  }),
})
