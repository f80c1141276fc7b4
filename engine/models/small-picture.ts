// Stable Diffusion's upscaler sees the small picture beside the latent, with some noise on it, and is
// told how much. https://github.com/Stability-AI/stablediffusion, configs/stable-diffusion/x4-upscaling.yaml
import { roundHalfEven } from '../image/resize.ts'
import { resizeLatent } from '../sampling/latents.ts'
import { type Betas, discreteSampling } from '../sampling/model-sampling.ts'
import { TorchGenerator } from '../sampling/noise.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { ConditioningItem, NoisedLatent } from './kinds.ts'

/** Both of the upscaler's own steps and of the noise on the small picture. */
export const upscalerBetas: Betas = {
  start: 1e-4,
  end: 0.02,
  schedule: 'scaled_linear',
  timesteps: 1000,
}
const { sigmas } = discreteSampling('v', upscalerBetas)
/** Noisier pictures it has not seen. */
const levelMax = 350
/** The picture's noise follows from the run's seed, but is not that of its latent. */
const seedOffset = -10n

/** The picture in -1..1, [B,3,h,w], and a share of the noise that the network knows, 0..1. */
export interface SmallPicture {
  pixels: Tensor
  noiseAugmentation: number
}

type Seen = Pick<ConditioningItem, 'smallPicture'>

const levelOf = ({ smallPicture }: Seen): number =>
  roundHalfEven(levelMax * (smallPicture?.noiseAugmentation ?? 0))

/** y [1,1]: how much noise is on the picture. */
export const noiseLevel = (item: Seen): Tensor => tensor([1, 1], Float32Array.of(levelOf(item)))

/** [B,3,h,w]. Without a picture nothing is seen. */
export function smallPictureInput(item: Seen, { samples, seed = 0n }: NoisedLatent): Tensor {
  const [, , height, width] = samples.shape as [number, number, number, number]
  const { smallPicture } = item
  if (!smallPicture) return tensor([1, 3, height, width])
  const { pixels } = smallPicture
  const fits = pixels.shape[2] === height && pixels.shape[3] === width
  const { shape, data } = fits ? pixels : resizeLatent(pixels, width, height, 'bilinear', 'center')
  const noise = new TorchGenerator(BigInt.asUintN(64, seed + seedOffset)).normal(data.length)
  const sigma = sigmas[levelOf(item)]!
  const signal = 1 / Math.sqrt(1 + sigma ** 2)
  return tensor(
    shape,
    data.map((value, i) => signal * (value + sigma * noise[i]!)),
  )
}
