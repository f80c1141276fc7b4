import { sharpen } from '../../image/blur.ts'
import { defineNode, float, int, socket } from '../define.ts'

export const imageSharpen = defineNode({
  type: 'ImageSharpen',
  title: 'Image Sharpen',
  category: 'image/postprocessing',
  about: 'Brings out detail by adding the difference from a blurred copy.',
  aliases: ['unsharp mask', 'detail'],
  inputs: {
    image: socket('IMAGE'),
    sharpen_radius: int({ default: 1, min: 1, max: 31, about: 'Size of the detail in pixels.' }),
    sigma: float({ default: 1, min: 0.1, max: 10, step: 0.01 }),
    alpha: float({
      default: 1,
      min: 0,
      max: 5,
      step: 0.01,
      about: 'Strength. Photos want little: 0.05 to 0.2.',
    }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, sharpen_radius, sigma, alpha }) => ({
    IMAGE: sharpen(image, sharpen_radius, sigma, alpha),
  }),
})
