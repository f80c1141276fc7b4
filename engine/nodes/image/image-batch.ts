import { concatBatches, matchChannels } from '../../image/batch.ts'
import { resizeCovering } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { defineNode, socket } from '../define.ts'

export const imageBatch = defineNode({
  type: 'ImageBatch',
  title: 'Batch Images',
  category: 'image',
  about: 'Puts two pictures into one batch; the second takes the size of the first.',
  aliases: ['combine', 'join', 'list'],
  inputs: { image1: socket('IMAGE'), image2: socket('IMAGE') },
  outputs: { IMAGE: 'IMAGE' },
  run({ image1, image2 }) {
    const [first, second] = matchChannels(image1, image2)
    const { width, height } = imageShape(first)
    const { width: w, height: h } = imageShape(second)
    const fitted =
      w === width && h === height ? second : resizeCovering(second, width, height, 'bilinear')
    return { IMAGE: concatBatches([first, fitted]) }
  },
})
