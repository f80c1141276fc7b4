import { mapTensor } from '../../image/mask.ts'
import { defineNode, float, socket } from '../define.ts'

export const thresholdMask = defineNode({
  type: 'ThresholdMask',
  title: 'ThresholdMask',
  category: 'mask',
  about: 'White above the value, black below.',
  aliases: ['binary'],
  inputs: {
    mask: socket('MASK'),
    value: float({ default: 0.5, min: 0, max: 1, step: 0.01 }),
  },
  outputs: { MASK: 'MASK' },
  run({ mask, value }) {
    // As a mask holds it: 0.1 in a mask is a little more than 0.1.
    const threshold = Math.fround(value)
    return { MASK: mapTensor(mask, x => Number(x > threshold)) }
  },
})
