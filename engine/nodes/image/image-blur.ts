import { gaussianBlur } from '../../image/blur.ts'
import { defineNode, float, int, socket } from '../define.ts'

export const imageBlur = defineNode({
  type: 'ImageBlur',
  title: 'Image Blur',
  category: 'image/postprocessing',
  about: 'Softens a picture with a Gaussian.',
  aliases: ['gaussian', 'soften'],
  inputs: {
    image: socket('IMAGE'),
    blur_radius: int({ default: 1, min: 1, max: 31, about: 'How many pixels away still count.' }),
    sigma: float({
      default: 1,
      min: 0.1,
      max: 10,
      step: 0.1,
      about: 'How evenly the pixels within the radius count.',
    }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, blur_radius, sigma }) => ({ IMAGE: gaussianBlur(image, blur_radius, sigma) }),
})
