import { sliceBatch } from '../../image/batch.ts'
import { imageShape } from '../../image/shape.ts'
import { defineNode, int, socket } from '../define.ts'

export const imageFromBatch = defineNode({
  type: 'ImageFromBatch',
  title: 'Image From Batch',
  category: 'image/batch',
  about: 'Takes some pictures out of a batch. Counting starts at 0.',
  aliases: ['pick', 'select', 'slice'],
  inputs: {
    image: socket('IMAGE'),
    batch_index: int({ default: 0, min: 0, max: 4095 }),
    length: int({ default: 1, min: 1, max: 4096 }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, batch_index, length }) {
    const { batch } = imageShape(image)
    const first = Math.min(batch_index, batch - 1)
    return { IMAGE: sliceBatch(image, first, Math.min(length, batch - first)) }
  },
})
