import { tensor } from '../../tensor.ts'
import { defineNode, int } from '../define.ts'

/** Width of a token of a shape: https://arxiv.org/abs/2501.12202 */
const channels = 64

export const emptyLatentHunyuan3dV2 = defineNode({
  type: 'EmptyLatentHunyuan3Dv2',
  title: 'EmptyLatentHunyuan3Dv2',
  category: 'latent/3d',
  about: 'A blank latent for a shape in space, as Hunyuan3D 2 draws on.',
  inputs: {
    resolution: int({
      default: 3072,
      min: 1,
      max: 8192,
      about: 'Tokens: more of them, finer shapes.',
    }),
    batch_size: int({ default: 1, min: 1, max: 4096, about: 'How many at once.' }),
  },
  outputs: { LATENT: 'LATENT' },
  run: ({ resolution, batch_size }) => ({
    LATENT: { samples: tensor([batch_size, channels, resolution]) },
  }),
})
