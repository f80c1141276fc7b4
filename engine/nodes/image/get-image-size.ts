import { imageShape } from '../../image/shape.ts'
import { defineNode, socket } from '../define.ts'

export const getImageSize = defineNode({
  type: 'GetImageSize',
  title: 'Get Image Size',
  category: 'image',
  about: 'Width, height and number of pictures, for use elsewhere.',
  aliases: ['dimensions', 'resolution'],
  inputs: { image: socket('IMAGE') },
  outputs: { width: 'INT', height: 'INT', batch_size: 'INT' },
  hidden: { unique_id: 'UNIQUE_ID' },
  run({ image }) {
    const { width, height, batch } = imageShape(image)
    return { width, height, batch_size: batch }
  },
})
