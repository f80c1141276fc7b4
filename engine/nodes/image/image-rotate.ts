import { rotate } from '../../image/orientation.ts'
import { choice, defineNode, socket } from '../define.ts'

const turns = { none: 0, '90 degrees': 1, '180 degrees': 2, '270 degrees': 3 } as const

export const imageRotate = defineNode({
  type: 'ImageRotate',
  title: 'Image Rotate',
  category: 'image/transform',
  about: 'Turns a picture clockwise.',
  aliases: ['turn'],
  inputs: {
    image: socket('IMAGE'),
    rotation: choice(['none', '90 degrees', '180 degrees', '270 degrees']),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, rotation }) => ({ IMAGE: rotate(image, turns[rotation]) }),
})
