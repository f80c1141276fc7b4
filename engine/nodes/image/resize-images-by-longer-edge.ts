import { resizeTo, withLonger } from '../../image/resize-to.ts'
import { imageShape } from '../../image/shape.ts'
import { defineNode, int, socket } from '../define.ts'

export const resizeImagesByLongerEdge = defineNode({
  type: 'ResizeImagesByLongerEdge',
  title: 'Resize Images by Longer Edge',
  category: 'image/transform',
  about: 'Resizes so that the longer side has this length, and keeps the proportions.',
  aliases: ['scale'],
  deprecated: true,
  inputs: { images: socket('IMAGE'), longer_edge: int({ default: 1024, min: 1, max: 8192 }) },
  outputs: { images: 'IMAGE' },
  run({ images, longer_edge }) {
    const size = withLonger(imageShape(images), longer_edge)
    return { images: resizeTo(images, size, 'lanczos') }
  },
})
