import { defineNode, int, socket, toggle } from '../define.ts'
import { changeUnet } from '../unet-change.ts'

export const hyperTile = defineNode({
  type: 'HyperTile',
  title: 'HyperTile',
  category: 'model_patches/unet',
  about: 'Large pictures in less time: self-attention looks within tiles instead of everywhere.',
  inputs: {
    model: socket('MODEL'),
    tile_size: int({ default: 256, min: 1, max: 2048, about: 'Least side of a tile in pixels.' }),
    swap_size: int({
      default: 2,
      min: 1,
      max: 128,
      about: 'Has no say here: the best tiling is always taken, so that a seed gives one picture.',
    }),
    max_depth: int({
      default: 0,
      min: 0,
      max: 10,
      about: 'Up to how many times the picture may have been halved. 0: full size only.',
    }),
    scale_depth: toggle({
      about: 'Keeps the number of tokens in a tile as the picture is halved.',
    }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, tile_size, max_depth, scale_depth }) => ({
    MODEL: changeUnet(
      model,
      { kind: 'hypertile', tileSize: tile_size, maxDepth: max_depth, scaleDepth: scale_depth },
      'HyperTile',
    ),
  }),
})
