import { resizeImage, resizeMethods, roundHalfEven } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { choice, defineNode, float, socket } from '../define.ts'

export const imageScaleToTotalPixels = defineNode({
  type: 'ImageScaleToTotalPixels',
  title: 'Scale Image to Total Pixels',
  category: 'image/upscaling',
  about: 'Resizes to so many megapixels (of 1024 × 1024) and keeps the proportions.',
  aliases: ['resize', 'megapixels'],
  inputs: {
    image: socket('IMAGE'),
    upscale_method: choice(resizeMethods),
    megapixels: float({ default: 1, min: 0.01, max: 16, step: 0.01 }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, upscale_method, megapixels }) {
    const { width, height } = imageShape(image)
    const scale = Math.sqrt(Math.trunc(megapixels * 1024 * 1024) / (width * height))
    const [w, h] = [roundHalfEven(width * scale), roundHalfEven(height * scale)]
    return { IMAGE: resizeImage(image, Math.max(1, w), Math.max(1, h), upscale_method) }
  },
})
