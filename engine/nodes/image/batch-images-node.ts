import { stackImages } from '../../image/batch.ts'
import type { Tensor } from '../../tensor.ts'
import { defineNode, growing, grown, numbered, socket } from '../define.ts'

export const batchImagesNode = defineNode({
  type: 'BatchImagesNode',
  title: 'Batch Images',
  category: 'image/batch',
  about: 'Puts any number of pictures into one batch; all take the size of the first.',
  aliases: ['combine', 'join', 'list'],
  inputs: growing('images', numbered('image', 50), socket('IMAGE')),
  outputs: { IMAGE: 'IMAGE' },
  run: inputs => ({
    IMAGE: stackImages(grown<Tensor>('images', inputs).map(([, image]) => image)),
  }),
})
