import { stackImages } from '../../image/batch.ts'
import { defineNode, socket } from '../define.ts'

export const imageBatch = defineNode({
  type: 'ImageBatch',
  title: 'Batch Images',
  category: 'image',
  about: 'Puts two pictures into one batch; the second takes the size of the first.',
  aliases: ['combine', 'join', 'list'],
  inputs: { image1: socket('IMAGE'), image2: socket('IMAGE') },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image1, image2 }) => ({ IMAGE: stackImages([image1, image2]) }),
})
