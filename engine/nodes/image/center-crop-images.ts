import { cropImage } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { defineNode, int, socket } from '../define.ts'

export const centerCropImages = defineNode({
  type: 'CenterCropImages',
  title: 'Crop Image (Center)',
  category: 'image/transform',
  about: 'Cuts pictures around their centre. A side that is shorter already stays.',
  aliases: ['cut', 'middle'],
  inputs: {
    images: socket('IMAGE'),
    width: int({ default: 512, min: 1, max: 8192 }),
    height: int({ default: 512, min: 1, max: 8192 }),
  },
  outputs: { images: 'IMAGE' },
  run({ images, width, height }) {
    const from = imageShape(images)
    const x = Math.max(0, (from.width - width) >> 1)
    const y = Math.max(0, (from.height - height) >> 1)
    return { images: cropImage(images, x, y, width, height) }
  },
})
