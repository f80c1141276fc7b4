import { joinYuv } from '../../image/color.ts'
import { defineNode, socket } from '../define.ts'

export const imageYuvToRgb = defineNode({
  type: 'ImageYUVToRGB',
  title: 'Image YUV To RGB',
  category: 'image/batch',
  about: 'Puts brightness and two colour differences back together.',
  inputs: { Y: socket('IMAGE'), U: socket('IMAGE'), V: socket('IMAGE') },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ Y, U, V }) => ({ IMAGE: joinYuv(Y, U, V) }),
})
