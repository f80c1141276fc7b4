import { resizeImage, resizeMethods } from '../../image/resize.ts'
import { withPixels } from '../../image/resize-to.ts'
import { imageShape } from '../../image/shape.ts'
import { choice, defineNode, float, int, optional, socket } from '../define.ts'

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
    resolution_steps: optional(
      int({ default: 1, min: 1, max: 256, about: 'Both sides become multiples of this.' }),
    ),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, upscale_method, megapixels, resolution_steps }) {
    const { width, height } = withPixels(imageShape(image), megapixels, resolution_steps)
    return { IMAGE: resizeImage(image, width, height, upscale_method) }
  },
})
