import { concatBatches, sliceBatch } from '../../image/batch.ts'
import { imageShape } from '../../image/shape.ts'
import type { Tensor } from '../../tensor.ts'
import { defineNode, int, socket } from '../define.ts'

export const rebatchImages = defineNode({
  type: 'RebatchImages',
  title: 'Rebatch Images',
  category: 'image/batch',
  about:
    'Regroups lists and batches into batches of one size. The last may be smaller; pictures of another size begin a new one.',
  aliases: ['split', 'chunk'],
  inputIsList: true,
  listOutputs: ['IMAGE'],
  inputs: { images: socket('IMAGE'), batch_size: int({ default: 1, min: 1, max: 4096 }) },
  outputs: { IMAGE: 'IMAGE' },
  run(inputs) {
    // Whole lists come in and go out: the declared types are those of one entry.
    const images = inputs.images as unknown as Tensor[]
    const [size = 1] = inputs.batch_size as unknown as number[]
    const groups: Tensor[][] = []
    for (const image of images)
      for (let i = 0; i < imageShape(image).batch; i++) {
        const last = groups.at(-1)
        if (last && last.length < size && sameSize(last[0]!, image))
          last.push(sliceBatch(image, i, 1))
        else groups.push([sliceBatch(image, i, 1)])
      }
    return { IMAGE: groups.map(concatBatches) as unknown as Tensor }
  },
})

const sameSize = (a: Tensor, b: Tensor): boolean =>
  a.shape.slice(1).join() === b.shape.slice(1).join()
