import { resizeImage, roundHalfEven } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { choice, defineNode, int, socket } from '../define.ts'

/** ComfyUI lists bilinear twice; its order is kept so that the answers of `/object_info` agree. */
const methods = ['area', 'lanczos', 'bilinear', 'nearest-exact', 'bilinear', 'bicubic'] as const

export const imageScaleToMaxDimension = defineNode({
  type: 'ImageScaleToMaxDimension',
  title: 'Scale Image to Max Dimension',
  category: 'image/upscaling',
  about: 'Resizes so that the longer side has this many pixels and keeps the proportions.',
  aliases: ['resize', 'longest side'],
  inputs: {
    image: socket('IMAGE'),
    upscale_method: choice(methods),
    largest_size: int({ default: 512, min: 0, max: 16384 }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, upscale_method, largest_size }) {
    const { width, height } = imageShape(image)
    if (largest_size === 0) return { IMAGE: image }
    const shorter = (side: number, longer: number) =>
      Math.max(1, roundHalfEven((side / longer) * largest_size))
    const [w, h] =
      height > width
        ? [shorter(width, height), largest_size]
        : [largest_size, shorter(height, width)]
    return { IMAGE: resizeImage(image, w, h, upscale_method) }
  },
})
