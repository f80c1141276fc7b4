import { resizeCovering, resizeImage, resizeMethods, roundHalfEven } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { choice, defineNode, int, socket } from '../define.ts'

export const imageScale = defineNode({
  type: 'ImageScale',
  title: 'Upscale Image',
  category: 'image/upscaling',
  about: 'Resizes to a width and height. Where one of them is 0 it follows from the other.',
  aliases: ['resize', 'scale', 'width', 'height'],
  inputs: {
    image: socket('IMAGE'),
    upscale_method: choice(resizeMethods),
    width: int({ default: 512, min: 0, max: 16384 }),
    height: int({ default: 512, min: 0, max: 16384 }),
    crop: choice(['disabled', 'center'], {
      about: 'Whether the picture is cut to the new proportions or stretched.',
    }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, upscale_method, width, height, crop }) {
    if (width === 0 && height === 0) return { IMAGE: image }
    const from = imageShape(image)
    if (width === 0) width = Math.max(1, roundHalfEven((from.width * height) / from.height))
    else if (height === 0) height = Math.max(1, roundHalfEven((from.height * width) / from.width))
    const resize = crop === 'center' ? resizeCovering : resizeImage
    return { IMAGE: resize(image, width, height, upscale_method) }
  },
})
