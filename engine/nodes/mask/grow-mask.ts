import { growMask as grow } from '../../image/mask.ts'
import { defineNode, int, socket, toggle } from '../define.ts'

export const growMask = defineNode({
  type: 'GrowMask',
  title: 'GrowMask',
  category: 'mask',
  about: 'Widens the white of a mask by so many pixels, or narrows it below 0.',
  aliases: ['expand', 'shrink', 'dilate', 'erode'],
  inputs: {
    mask: socket('MASK'),
    expand: int({ default: 0, min: -16384, max: 16384 }),
    tapered_corners: toggle({ default: true, about: 'Round corners off.' }),
  },
  outputs: { MASK: 'MASK' },
  run: ({ mask, expand, tapered_corners }) => ({ MASK: grow(mask, expand, tapered_corners) }),
})
