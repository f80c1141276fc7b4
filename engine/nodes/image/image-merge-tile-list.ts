import { mergeTiles } from '../../image/tiles.ts'
import type { Tensor } from '../../tensor.ts'
import { defineNode, int, socket } from '../define.ts'

const side = { default: 1024, min: 64, max: 32768 }

export const imageMergeTileList = defineNode({
  type: 'ImageMergeTileList',
  title: 'Merge List of Tiles to Image',
  category: 'image/batch',
  about: 'Puts tiles together again; where they overlap one fades into the other.',
  aliases: ['join', 'stitch', 'upscale'],
  inputIsList: true,
  inputs: {
    image_list: socket('IMAGE'),
    final_width: int(side),
    final_height: int(side),
    overlap: int({ default: 128, min: 0, max: 4096 }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run(inputs) {
    const lists = inputs as unknown as Record<string, number[]> & { image_list: Tensor[] }
    const size = { width: lists.final_width![0]!, height: lists.final_height![0]! }
    return { IMAGE: mergeTiles(lists.image_list, size, lists.overlap![0]!) }
  },
})
