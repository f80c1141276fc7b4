import { tensor } from '../../tensor.ts'
import { defineNode, int } from '../define.ts'

const side = { default: 1024, min: 256, max: 16384, step: 8, about: 'In pixels.' }

export const stableCascadeEmptyLatentImage = defineNode({
  type: 'StableCascade_EmptyLatentImage',
  title: 'StableCascade_EmptyLatentImage',
  category: 'latent/stable_cascade',
  about: 'Blank latents for both stages of Stable Cascade: one strongly packed, one four to one.',
  aliases: ['size', 'width', 'height', 'resolution'],
  inputs: {
    width: int(side),
    height: int(side),
    compression: int({ default: 42, min: 4, max: 128, about: 'Pixels a side of stage C.' }),
    batch_size: int({ default: 1, min: 1, max: 4096, about: 'How many pictures at once.' }),
  },
  outputs: { stage_c: 'LATENT', stage_b: 'LATENT' },
  run({ width, height, compression, batch_size }) {
    const blank = (channels: number, pixels: number) => ({
      samples: tensor([
        batch_size,
        channels,
        Math.floor(height / pixels),
        Math.floor(width / pixels),
      ]),
    })
    return { stage_c: blank(16, compression), stage_b: blank(4, 4) }
  },
})
