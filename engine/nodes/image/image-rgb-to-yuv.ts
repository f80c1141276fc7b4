import { splitYuv } from '../../image/color.ts'
import { defineNode, socket } from '../define.ts'

export const imageRgbToYuv = defineNode({
  type: 'ImageRGBToYUV',
  title: 'Image RGB To YUV',
  category: 'image/batch',
  about: 'Splits a picture into brightness and two colour differences, each as a grey picture.',
  inputs: { image: socket('IMAGE') },
  outputs: { Y: 'IMAGE', U: 'IMAGE', V: 'IMAGE' },
  run({ image }) {
    const [Y, U, V] = splitYuv(image)
    return { Y, U, V }
  },
})
