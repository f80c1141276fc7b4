import { stackImages } from '../../image/batch.ts'
import { asImage } from '../../image/resize-to.ts'
import { type Tensor, tensor } from '../../tensor.ts'
import { defineNode, growing, grown, numbered, socket } from '../define.ts'

export const batchMasksNode = defineNode({
  type: 'BatchMasksNode',
  title: 'Batch Masks',
  category: 'mask',
  about: 'Puts any number of masks into one batch; all take the size of the first.',
  aliases: ['combine', 'join', 'list'],
  inputs: growing('masks', numbered('mask', 50), socket('MASK')),
  outputs: { MASK: 'MASK' },
  run(inputs) {
    const { shape, data } = stackImages(
      grown<Tensor>('masks', inputs).map(([, mask]) => asImage(mask)),
    )
    return { MASK: tensor(shape.slice(0, 3), data) }
  },
})
