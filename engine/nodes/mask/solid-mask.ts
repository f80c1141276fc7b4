import { newMask } from '../../image/shape.ts'
import { defineNode, float, int } from '../define.ts'

export const solidMask = defineNode({
  type: 'SolidMask',
  title: 'SolidMask',
  category: 'mask',
  about: 'A mask of one value.',
  inputs: {
    value: float({ default: 1, min: 0, max: 1, step: 0.01 }),
    width: int({ default: 512, min: 1, max: 16384 }),
    height: int({ default: 512, min: 1, max: 16384 }),
  },
  outputs: { MASK: 'MASK' },
  run({ value, width, height }) {
    const out = newMask(1, height, width)
    out.data.fill(value)
    return { MASK: out }
  },
})
