import { adjustColor } from '../../image/color.ts'
import { defineNode, float, socket } from '../define.ts'

/** Our own: ComfyUI's core has no node for this. */
export const imageAdjust = defineNode({
  type: 'ImageAdjust',
  title: 'Image Adjust',
  category: 'image/postprocessing',
  about: 'Brightness, contrast, saturation and warmth of a picture. 1, 1, 1 and 0 change nothing.',
  aliases: ['brightness', 'contrast', 'saturation', 'temperature', 'color correct', 'levels'],
  inputs: {
    image: socket('IMAGE'),
    brightness: float({ default: 1, min: 0, max: 3, step: 0.01 }),
    contrast: float({ default: 1, min: 0, max: 3, step: 0.01 }),
    saturation: float({ default: 1, min: 0, max: 3, step: 0.01, about: '0 is grey.' }),
    warmth: float({
      default: 0,
      min: -1,
      max: 1,
      step: 0.01,
      about: 'Below 0 bluer, above 0 warmer.',
    }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, ...adjustment }) => ({ IMAGE: adjustColor(image, adjustment) }),
})
