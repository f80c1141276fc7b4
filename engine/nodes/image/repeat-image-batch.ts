import { imageShape, newImage } from '../../image/shape.ts'
import { defineNode, int, socket } from '../define.ts'

export const repeatImageBatch = defineNode({
  type: 'RepeatImageBatch',
  title: 'Repeat Image Batch',
  category: 'image/batch',
  about: 'Repeats a batch so many times.',
  aliases: ['duplicate', 'copies'],
  inputs: { image: socket('IMAGE'), amount: int({ default: 1, min: 1, max: 4096 }) },
  outputs: { IMAGE: 'IMAGE' },
  run({ image, amount }) {
    const { batch, height, width, channels } = imageShape(image)
    if (amount === 1) return { IMAGE: image }
    const out = newImage(batch * amount, height, width, channels)
    for (let n = 0; n < amount; n++) out.data.set(image.data, n * image.data.length)
    return { IMAGE: out }
  },
})
