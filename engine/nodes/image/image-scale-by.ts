import { resizeImage, resizeMethods, roundHalfEven } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { choice, defineNode, float, socket } from '../define.ts'

export const imageScaleBy = defineNode({
  type: 'ImageScaleBy',
  title: 'Upscale Image By',
  category: 'image/upscaling',
  about: 'Resizes by a factor.',
  aliases: ['resize', 'scale', 'enlarge', 'shrink'],
  inputs: {
    image: socket('IMAGE'),
    upscale_method: choice(resizeMethods),
    scale_by: float({ default: 1, min: 0.01, max: 8, step: 0.01 }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, upscale_method, scale_by }) {
    const { width, height } = imageShape(image)
    const [w, h] = [roundHalfEven(width * scale_by), roundHalfEven(height * scale_by)]
    return { IMAGE: resizeImage(image, Math.max(1, w), Math.max(1, h), upscale_method) }
  },
})
