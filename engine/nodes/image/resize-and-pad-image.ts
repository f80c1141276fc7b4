import { padTo } from '../../image/pad.ts'
import { resizeImage } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { choice, defineNode, int, socket } from '../define.ts'

export const resizeAndPadImage = defineNode({
  type: 'ResizeAndPadImage',
  title: 'Resize And Pad Image',
  category: 'image/transform',
  about: 'Resizes a picture to fit into a frame and fills what is left of it.',
  aliases: ['letterbox', 'fit', 'contain'],
  inputs: {
    image: socket('IMAGE'),
    target_width: int({ default: 512, min: 1, max: 16384 }),
    target_height: int({ default: 512, min: 1, max: 16384 }),
    padding_color: choice(['white', 'black']),
    interpolation: choice(['area', 'bicubic', 'nearest-exact', 'bilinear', 'lanczos']),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, target_width, target_height, padding_color, interpolation }) {
    const { width, height } = imageShape(image)
    const scale = Math.min(target_width / width, target_height / height)
    const [w, h] = [Math.trunc(width * scale), Math.trunc(height * scale)]
    const fitted = resizeImage(image, Math.max(1, w), Math.max(1, h), interpolation)
    // Of an alpha channel too: black room is clear.
    const color = Array(4).fill(padding_color === 'white' ? 1 : 0)
    return { IMAGE: padTo(fitted, target_width, target_height, color) }
  },
})
