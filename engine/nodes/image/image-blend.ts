import { withChannels } from '../../image/batch.ts'
import { blendImages, blendModes } from '../../image/composite.ts'
import { resizeCovering } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { choice, defineNode, float, socket } from '../define.ts'

export const imageBlend = defineNode({
  type: 'ImageBlend',
  title: 'Image Blend',
  category: 'image/postprocessing',
  about: 'Mixes the second picture into the first; it is cut and resized to fit.',
  aliases: ['mix', 'overlay', 'multiply', 'screen'],
  inputs: {
    image1: socket('IMAGE'),
    image2: socket('IMAGE'),
    blend_factor: float({ default: 0.5, min: 0, max: 1, step: 0.01 }),
    blend_mode: choice(blendModes),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image1, image2, blend_factor, blend_mode }) {
    const { width, height, channels } = imageShape(image1)
    const over = withChannels(image2, channels)
    const { width: w, height: h } = imageShape(over)
    const fitted =
      w === width && h === height ? over : resizeCovering(over, width, height, 'bicubic')
    return { IMAGE: blendImages(image1, fitted, blend_mode, blend_factor) }
  },
})
