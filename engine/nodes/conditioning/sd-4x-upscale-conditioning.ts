import { resizeCovering, roundHalfEven } from '../../image/resize.ts'
import { toPlanes } from '../../models/planes.ts'
import { type Tensor, tensor } from '../../tensor.ts'
import { defineNode, float, socket } from '../define.ts'

/** Pixels of the large picture to one of its latent. */
const downscale = 4

export const sd4xUpscaleConditioning = defineNode({
  type: 'SD_4XUpscale_Conditioning',
  title: 'SD_4XUpscale_Conditioning',
  category: 'conditioning/upscale_diffusion',
  about: 'Shows Stable Diffusion’s upscaler the picture to enlarge, and makes a latent that fits.',
  aliases: ['x4 upscaler'],
  inputs: {
    images: socket('IMAGE'),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    scale_ratio: float({
      default: 4,
      min: 0,
      max: 10,
      step: 0.01,
      about: 'How much larger the picture gets. The model was made for 4.',
    }),
    noise_augmentation: float({
      default: 0,
      min: 0,
      max: 1,
      step: 0.001,
      about: 'Noise on the picture: the more, the freer are the details.',
    }),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING', latent: 'LATENT' },
  run({ images, positive, negative, scale_ratio, noise_augmentation: noiseAugmentation }) {
    const [count, ...size] = images.shape as [number, number, number]
    const [height, width] = size.slice(0, 2).map(side => latentSide(side * scale_ratio))
    const fitted = resizeCovering(images, width!, height!, 'bilinear')
    const smallPicture = { pixels: planesOf(fitted), noiseAugmentation }
    return {
      positive: positive.map(item => ({ ...item, smallPicture })),
      negative: negative.map(item => ({ ...item, smallPicture })),
      latent: { samples: tensor([count, 4, height!, width!]) },
    }
  },
})

const latentSide = (pixels: number): number =>
  Math.max(1, Math.floor(roundHalfEven(pixels) / downscale))

/** [B,H,W,C] in 0..1 → [B,3,H,W] in -1..1. */
function planesOf(images: Tensor): Tensor {
  const [count, height, width] = images.shape as [number, number, number]
  const out = tensor([count, 3, height, width])
  for (let i = 0; i < count; i++)
    out.data.set(toPlanes(images, i, { gain: 2, offset: -1 }).data, i * 3 * height * width)
  return out
}
