import { canny as findEdges } from '../../image/canny.ts'
import { defineNode, float, socket } from '../define.ts'

export const canny = defineNode({
  type: 'Canny',
  title: 'Canny',
  category: 'image/preprocessors',
  about: 'Draws the edges of a picture as white lines on black.',
  aliases: ['edges', 'outline', 'lines'],
  inputs: {
    image: socket('IMAGE'),
    low_threshold: float({
      default: 0.4,
      min: 0.01,
      max: 0.99,
      step: 0.01,
      about: 'Weaker edges than this are dropped.',
    }),
    high_threshold: float({
      default: 0.8,
      min: 0.01,
      max: 0.99,
      step: 0.01,
      about: 'Stronger edges than this start a line.',
    }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, low_threshold, high_threshold }) => ({
    IMAGE: findEdges(image, low_threshold, high_threshold),
  }),
})
