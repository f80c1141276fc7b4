import { type Tensor, tensor } from '../../tensor.ts'
import { defineNode, float, socket } from '../define.ts'

export const conditioningMultiply = defineNode({
  type: 'ConditioningMultiply',
  title: 'Conditioning (Multiply)',
  category: 'conditioning',
  about: 'Multiplies everything a prompt says: below 1 it says it more quietly.',
  aliases: ['strength', 'scale'],
  inputs: {
    conditioning: socket('CONDITIONING'),
    multiplier: float({ default: 1, min: -10, max: 10, step: 0.01 }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run({ conditioning, multiplier }) {
    const times = ({ shape, data }: Tensor) =>
      tensor(
        shape,
        data.map(value => value * multiplier),
      )
    return {
      CONDITIONING: conditioning.map(item => ({
        ...item,
        cond: times(item.cond),
        pooled: item.pooled && times(item.pooled),
      })),
    }
  },
})
