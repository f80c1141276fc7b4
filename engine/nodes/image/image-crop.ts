import { cropImage } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { defineNode, int, socket } from '../define.ts'

export const imageCrop = defineNode({
  type: 'ImageCrop',
  title: 'Image Crop',
  category: 'image/transform',
  about: 'Cuts a rectangle out of a picture; what hangs over the edge is left out.',
  aliases: ['cut', 'trim'],
  inputs: {
    image: socket('IMAGE'),
    width: int({ default: 512, min: 1, max: 16384 }),
    height: int({ default: 512, min: 1, max: 16384 }),
    x: int({ default: 0, min: 0, max: 16384 }),
    y: int({ default: 0, min: 0, max: 16384 }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, width, height, x, y }) {
    const size = imageShape(image)
    const [left, top] = [Math.min(x, size.width - 1), Math.min(y, size.height - 1)]
    return { IMAGE: cropImage(image, left, top, width, height) }
  },
})
