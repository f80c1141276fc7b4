import { padForOutpaint } from '../../image/pad.ts'
import { defineNode, int, socket } from '../define.ts'

const side = () => int({ default: 0, min: 0, max: 16384, step: 8 })

export const imagePadForOutpaint = defineNode({
  type: 'ImagePadForOutpaint',
  title: 'Pad Image for Outpainting',
  category: 'image',
  about: 'Adds grey room around a picture and a mask of what is to be painted there.',
  aliases: ['extend', 'border', 'canvas size'],
  inputs: {
    image: socket('IMAGE'),
    left: side(),
    top: side(),
    right: side(),
    bottom: side(),
    feathering: int({
      default: 40,
      min: 0,
      max: 16384,
      about: 'How far, in pixels, the mask fades into the picture.',
    }),
  },
  outputs: { IMAGE: 'IMAGE', MASK: 'MASK' },
  run({ image, feathering, ...sides }) {
    const { image: padded, mask } = padForOutpaint(image, sides, feathering)
    return { IMAGE: padded, MASK: mask }
  },
})
