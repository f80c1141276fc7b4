import { morphology as apply, morphologyOperations } from '../../image/morphology.ts'
import { choice, defineNode, int, socket } from '../define.ts'

export const morphology = defineNode({
  type: 'Morphology',
  title: 'ImageMorphology',
  category: 'image/postprocessing',
  about: 'Grows or shrinks bright areas, and what is built from the two.',
  aliases: ['erode', 'dilate', 'open', 'close'],
  inputs: {
    image: socket('IMAGE'),
    operation: choice(morphologyOperations),
    kernel_size: int({ default: 3, min: 3, max: 999, about: 'Side of the square in pixels.' }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, operation, kernel_size }) => ({ IMAGE: apply(image, operation, kernel_size) }),
})
