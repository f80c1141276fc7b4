import { splitIntoTiles } from '../../image/tiles.ts'
import type { Tensor } from '../../tensor.ts'
import { defineNode, int, socket } from '../define.ts'

const side = { default: 1024, min: 64, max: 16384 }

export const splitImageToTileList = defineNode({
  type: 'SplitImageToTileList',
  title: 'Split Image into List of Tiles',
  category: 'image/batch',
  about: 'Cuts a picture into overlapping tiles, row by row, as a list.',
  aliases: ['grid', 'pieces', 'upscale'],
  listOutputs: ['IMAGE'],
  inputs: {
    image: socket('IMAGE'),
    tile_width: int(side),
    tile_height: int(side),
    overlap: int({ default: 128, min: 0, max: 4096 }),
  },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, tile_width, tile_height, overlap }) => ({
    IMAGE: splitIntoTiles(
      image,
      { width: tile_width, height: tile_height },
      overlap,
    ) as unknown as Tensor,
  }),
})
