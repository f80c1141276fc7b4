import { sliceBatch } from '../../image/batch.ts'
import { imageShape } from '../../image/shape.ts'
import type { Tensor } from '../../tensor.ts'
import { defineNode, int, socket } from '../define.ts'

export const rebatchImages = defineNode({
  type: 'RebatchImages',
  title: 'Rebatch Images',
  category: 'image/batch',
  about: 'Regroups lists and batches into batches of one size. The last may be smaller.',
  aliases: ['split', 'chunk'],
  inputIsList: true,
  listOutputs: ['IMAGE'],
  inputs: { images: socket('IMAGE'), batch_size: int({ default: 1, min: 1, max: 4096 }) },
  outputs: { IMAGE: 'IMAGE' },
  run(inputs) {
    // Whole lists come in and go out: the declared types are those of one entry.
    const images = inputs.images as unknown as Tensor[]
    const [size = 1] = inputs.batch_size as unknown as number[]
    const out: Tensor[] = []
    for (const image of images) {
      const { batch } = imageShape(image)
      for (let from = 0; from < batch; from += size)
        out.push(sliceBatch(image, from, Math.min(size, batch - from)))
    }
    return { IMAGE: out as unknown as Tensor }
  },
})
