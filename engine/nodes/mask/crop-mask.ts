import { cropMask as crop } from '../../image/mask.ts'
import { defineNode, int, socket } from '../define.ts'

export const cropMask = defineNode({
  type: 'CropMask',
  title: 'CropMask',
  category: 'mask',
  about: 'Cuts a rectangle out of a mask.',
  inputs: {
    mask: socket('MASK'),
    x: int({ default: 0, min: 0, max: 16384 }),
    y: int({ default: 0, min: 0, max: 16384 }),
    width: int({ default: 512, min: 1, max: 16384 }),
    height: int({ default: 512, min: 1, max: 16384 }),
  },
  outputs: { MASK: 'MASK' },
  run: ({ mask, x, y, width, height }) => ({ MASK: crop(mask, x, y, width, height) }),
})
