import { maskToImage as toImage } from '../../image/mask.ts'
import { defineNode, socket } from '../define.ts'

export const maskToImage = defineNode({
  type: 'MaskToImage',
  title: 'Convert Mask to Image',
  category: 'mask',
  about: 'A mask as a black and white picture.',
  inputs: { mask: socket('MASK') },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ mask }) => ({ IMAGE: toImage(mask) }),
})
