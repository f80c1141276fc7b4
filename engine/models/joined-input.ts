// What some UNets see beside the latent, as further channels: inpainting ones a mask and the picture
// without the masked part (https://github.com/runwayml/stable-diffusion), instruct-pix2pix the
// picture to be edited (https://arxiv.org/abs/2211.09800).
import { resizeMask, roundHalfEven } from '../image/resize.ts'
import { maskBatch, resizeLatent } from '../sampling/latents.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { ConditioningItem, LatentFormat, NoisedLatent } from './kinds.ts'

/** The latent of a picture all grey, scaled, for each channel. */
const greyLatent = [0.8223, -0.6876, 0.6364, 0.138]

/** [1 or B,5,h,w]: the rounded mask, and the latent in which masked pixels were grey. */
export function inpaintInput(
  { joinedMask, joinedLatent }: ConditioningItem,
  { samples, noiseMask }: NoisedLatent,
  format: LatentFormat,
): Tensor {
  const [, , height, width] = samples.shape as [number, number, number, number]
  const mask = joinedMask ?? noiseMask
  // Without a mask all is drawn anew, over a picture of nothing.
  if (!mask) return stacked(filled([1], height, width), filled(greyLatent, height, width))
  const fitted = resizeMask(maskBatch(mask), width, height)
  const rounded = tensor([fitted.shape[0]!, 1, height, width], fitted.data.map(roundHalfEven))
  if (!joinedLatent) return stacked(rounded, samples)
  const picture = sized(joinedLatent, samples)
  const scaled = picture.data.map(value => (value - format.shift) * format.scale)
  return stacked(rounded, tensor(picture.shape, scaled))
}

/** [1 or B,4,h,w], unscaled as in training. Without a picture zeros, as for dropped guidance. */
export function editInput({ joinedLatent }: ConditioningItem, { samples }: NoisedLatent): Tensor {
  return joinedLatent ? sized(joinedLatent, samples) : tensor([1, ...samples.shape.slice(1)])
}

/** Cut and resized where the latent has another size. */
function sized(picture: Tensor, { shape }: Tensor): Tensor {
  const [, , height, width] = shape as [number, number, number, number]
  if (picture.shape[2] === height && picture.shape[3] === width) return picture
  return resizeLatent(picture, width, height, 'bilinear', 'center')
}

/** [1,C,h,w], one value a channel. */
function filled(values: readonly number[], height: number, width: number): Tensor {
  const area = height * width
  const out = tensor([1, values.length, height, width])
  for (const [c, value] of values.entries()) out.data.fill(value, c * area, (c + 1) * area)
  return out
}

/** Along the channels; the shorter batch starts over. */
function stacked(a: Tensor, b: Tensor): Tensor {
  const batch = Math.max(a.shape[0]!, b.shape[0]!)
  const [, aChannels, height, width] = a.shape as [number, number, number, number]
  const channels = aChannels + b.shape[1]!
  const area = height * width
  const out = tensor([batch, channels, height, width])
  for (let image = 0; image < batch; image++) {
    const own = (of: Tensor) => {
      const size = of.shape[1]! * area
      const at = (image % of.shape[0]!) * size
      return of.data.subarray(at, at + size)
    }
    out.data.set(own(a), image * channels * area)
    out.data.set(own(b), (image * channels + aChannels) * area)
  }
  return out
}
