import { sliceBatch, withChannels } from '../../image/batch.ts'
import { resizeImage } from '../../image/resize.ts'
import { imageShape, newImage } from '../../image/shape.ts'
import type { Tensor } from '../../tensor.ts'
import { defineNode, int, socket } from '../define.ts'

export const imageGrid = defineNode({
  type: 'ImageGrid',
  title: 'Make Image Grid',
  category: 'image/batch',
  about: 'Lays pictures out in rows and columns, each fitted into a cell.',
  aliases: ['contact sheet', 'collage', 'overview'],
  inputIsList: true,
  inputs: {
    images: socket('IMAGE'),
    columns: int({ default: 4, min: 1, max: 20 }),
    cell_width: int({ default: 256, min: 32, max: 2048 }),
    cell_height: int({ default: 256, min: 32, max: 2048 }),
    padding: int({ default: 4, min: 0, max: 50 }),
  },
  outputs: { images: 'IMAGE' },
  run(inputs) {
    const lists = inputs as unknown as Record<string, number[]> & { images: Tensor[] }
    const first = (name: string) => lists[name]![0]!
    const cell = { width: first('cell_width'), height: first('cell_height') }
    const pictures = lists.images.flatMap(images =>
      Array.from({ length: imageShape(images).batch }, (_, i) => sliceBatch(images, i, 1)),
    )
    if (pictures.length === 0) throw new Error('There are no pictures to lay out.')
    return { images: layOut(pictures, first('columns'), cell, first('padding')) }
  },
})

function layOut(
  pictures: readonly Tensor[],
  columns: number,
  cell: { width: number; height: number },
  padding: number,
): Tensor {
  const rows = Math.ceil(pictures.length / columns)
  const across = Math.min(columns, pictures.length)
  const out = newImage(
    1,
    rows * cell.height + (rows - 1) * padding,
    across * cell.width + (across - 1) * padding,
    3,
  )
  const { width: stride } = imageShape(out)
  pictures.forEach((picture, i) => {
    const { width, height } = imageShape(picture)
    const scale = Math.min(cell.width / width, cell.height / height)
    const w = Math.max(1, Math.trunc(width * scale))
    const h = Math.max(1, Math.trunc(height * scale))
    const { data } = resizeImage(withChannels(picture, 3), w, h, 'lanczos')
    const x = (i % columns) * (cell.width + padding) + ((cell.width - w) >> 1)
    const y = Math.floor(i / columns) * (cell.height + padding) + ((cell.height - h) >> 1)
    for (let row = 0; row < h; row++)
      out.data.set(data.subarray(row * w * 3, (row + 1) * w * 3), ((y + row) * stride + x) * 3)
  })
  return out
}
