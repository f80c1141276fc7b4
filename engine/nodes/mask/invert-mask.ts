import { invert } from '../../image/mask.ts'
import { defineNode, socket } from '../define.ts'

export const invertMask = defineNode({
  type: 'InvertMask',
  title: 'InvertMask',
  category: 'mask',
  about: 'Swaps white and black.',
  inputs: { mask: socket('MASK') },
  outputs: { MASK: 'MASK' },
  run: ({ mask }) => ({ MASK: invert(mask) }),
})
