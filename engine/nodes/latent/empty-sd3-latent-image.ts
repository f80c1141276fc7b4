import { toLatentPixels } from '../../sampling/latents.ts'
import { tensor } from '../../tensor.ts'
import { defineNode, int } from '../define.ts'
import { checkRoom } from '../room.ts'

const side = { default: 1024, min: 16, max: 16384, step: 16 }
const channels = 16

export const emptySd3LatentImage = defineNode({
  type: 'EmptySD3LatentImage',
  title: 'EmptySD3LatentImage',
  category: 'latent/sd3',
  about: 'Blank latents of 16 channels, as SD3, Flux and their relatives draw on.',
  aliases: ['size', 'width', 'height', 'resolution', 'flux'],
  inputs: {
    width: int({ ...side, about: 'In pixels.' }),
    height: int({ ...side, about: 'In pixels.' }),
    batch_size: int({ default: 1, min: 1, max: 4096, about: 'How many pictures at once.' }),
  },
  outputs: { LATENT: 'LATENT' },
  check: size => checkRoom(size),
  run: ({ width, height, batch_size }) => ({
    LATENT: {
      samples: tensor([batch_size, channels, toLatentPixels(height), toLatentPixels(width)]),
    },
  }),
})
