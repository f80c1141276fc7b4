import { resizeWays } from '../../models/graph-resize.ts'
import { choice, defineNode, float, int, socket, toggle } from '../define.ts'
import { changeUnet } from '../unet-change.ts'

const share = { min: 0, max: 1, step: 0.001 }

export const patchModelAddDownscale = defineNode({
  type: 'PatchModelAddDownscale',
  title: 'PatchModelAddDownscale (Kohya Deep Shrink)',
  category: 'model_patches/unet',
  about:
    'One subject in large pictures instead of many: at first the UNet looks at a smaller picture inside.',
  aliases: ['deep shrink', 'hires fix'],
  inputs: {
    model: socket('MODEL'),
    block_number: int({
      default: 3,
      min: 1,
      max: 32,
      about: 'The input block from which on the picture is smaller.',
    }),
    downscale_factor: float({
      default: 2,
      min: 0.1,
      max: 9,
      step: 0.001,
      about: 'How many times smaller each side gets.',
    }),
    start_percent: float({ default: 0, ...share, about: 'Share of the run.' }),
    end_percent: float({ default: 0.35, ...share, about: 'Share of the run.' }),
    downscale_after_skip: toggle({
      default: true,
      about: 'What skips from the block to the way up keeps its size.',
    }),
    downscale_method: choice(resizeWays),
    upscale_method: choice(resizeWays),
  },
  outputs: { MODEL: 'MODEL' },
  run({ model, block_number, downscale_factor, start_percent, end_percent, ...how }) {
    const change = {
      kind: 'deep shrink',
      block: block_number,
      factor: downscale_factor,
      from: model.sampling.percentToSigma(start_percent),
      to: model.sampling.percentToSigma(end_percent),
      afterSkip: how.downscale_after_skip,
      down: how.downscale_method,
      up: how.upscale_method,
    } as const
    return { MODEL: changeUnet(model, change, 'PatchModelAddDownscale') }
  },
})
