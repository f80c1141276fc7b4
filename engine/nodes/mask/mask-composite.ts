import { compositeMasks, maskOperations } from '../../image/mask.ts'
import { choice, defineNode, int, socket } from '../define.ts'

export const maskComposite = defineNode({
  type: 'MaskComposite',
  title: 'MaskComposite',
  category: 'mask',
  about: 'Combines two masks where the second lies on the first.',
  aliases: ['union', 'intersection', 'difference'],
  inputs: {
    destination: socket('MASK'),
    source: socket('MASK'),
    x: int({ default: 0, min: 0, max: 16384 }),
    y: int({ default: 0, min: 0, max: 16384 }),
    operation: choice(maskOperations),
  },
  outputs: { MASK: 'MASK' },
  run: ({ destination, source, x, y, operation }) => ({
    MASK: compositeMasks(destination, source, x, y, operation),
  }),
})
