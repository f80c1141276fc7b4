import { compositeMasked } from '../../image/composite.ts'
import { defineNode, int, optional, socket, toggle } from '../define.ts'

export const imageCompositeMasked = defineNode({
  type: 'ImageCompositeMasked',
  title: 'Image Composite Masked',
  category: 'image',
  about: 'Lays one picture over another, where the mask is white or everywhere without one.',
  aliases: ['paste', 'overlay', 'layer'],
  inputs: {
    destination: socket('IMAGE', 'The picture below.'),
    source: socket('IMAGE', 'The picture on top.'),
    x: int({ default: 0, min: 0, max: 16384 }),
    y: int({ default: 0, min: 0, max: 16384 }),
    resize_source: toggle({ about: 'Stretch the picture on top to the size of the one below.' }),
    mask: optional(socket('MASK')),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ destination, source, x, y, resize_source, mask }) => ({
    IMAGE: compositeMasked(destination, source, x, y, { resizeSource: resize_source, mask }),
  }),
})
