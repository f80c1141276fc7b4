import { resizeTo, withShorter } from '../../image/resize-to.ts'
import { imageShape } from '../../image/shape.ts'
import { defineNode, int, socket } from '../define.ts'

export const resizeImagesByShorterEdge = defineNode({
  type: 'ResizeImagesByShorterEdge',
  title: 'Resize Images by Shorter Edge',
  category: 'image/transform',
  about: 'Resizes so that the shorter side has this length, and keeps the proportions.',
  aliases: ['scale'],
  deprecated: true,
  inputs: { images: socket('IMAGE'), shorter_edge: int({ default: 1024, min: 1, max: 8192 }) },
  outputs: { images: 'IMAGE' },
  run({ images, shorter_edge }) {
    const size = withShorter(imageShape(images), shorter_edge)
    return { images: resizeTo(images, size, 'lanczos') }
  },
})
