import { toLatentPixels } from '../../sampling/latents.ts'
import { tensor } from '../../tensor.ts'
import { defineNode, int } from '../define.ts'
import { checkRoom } from '../room.ts'

const side = { default: 512, min: 16, max: 16384, step: 8 }

export const emptyLatentImage = defineNode({
  type: 'EmptyLatentImage',
  title: 'Empty Latent Image',
  category: 'latent',
  about: 'Blank latents of a size, for drawing from a prompt alone.',
  aliases: ['size', 'width', 'height', 'resolution', 'batch'],
  inputs: {
    width: int({ ...side, about: 'In pixels.' }),
    height: int({ ...side, about: 'In pixels.' }),
    batch_size: int({ default: 1, min: 1, max: 4096, about: 'How many pictures at once.' }),
  },
  outputs: { LATENT: 'LATENT' },
  check: size => checkRoom(size),
  run: ({ width, height, batch_size }) => ({
    LATENT: { samples: tensor([batch_size, 4, toLatentPixels(height), toLatentPixels(width)]) },
  }),
})
