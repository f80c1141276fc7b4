// Between a latent as VAEs and files have it and the numbers that a model's networks were trained on.
import type { LatentFormat } from '../models/kinds.ts'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { onePicture } from './latents.ts'

/** A latent as the sampler sees it. An empty one means nothing, not grey: it stays as it is. */
export function scaled(latent: Tensor, format: LatentFormat): Float32Array {
  const { shift, scale } = format
  if (latent.data.every(value => value === 0)) return latent.data
  const channel = channelsOf(latent, format)
  return latent.data.map((value, i) => {
    const { mean, std } = channel(i)
    return ((value - mean) / std - shift) * scale
  })
}

/** The latent as VAEs and files have it. */
export function unscale(latent: Tensor, format: LatentFormat): Tensor {
  const { shift, scale } = format
  const channel = channelsOf(latent, format)
  const data = latent.data.map((value, i) => {
    const { mean, std } = channel(i)
    return (value / scale + shift) * std + mean
  })
  return tensor(latent.shape, data)
}

/** Mean and standard deviation of the channel of each number. */
function channelsOf({ shape }: Tensor, { perChannel, channels }: LatentFormat) {
  if (!perChannel) return () => ({ mean: 0, std: 1 })
  const pixels = sizeOf(shape.slice(2))
  const all = perChannel.mean.map((mean, c) => ({ mean, std: perChannel.std[c]! }))
  return (i: number) => all[Math.floor(i / pixels) % channels]!
}

/** An empty latent takes the model's channels. @throws when a full one has another number. */
export function withChannels(latent: Tensor, channels: number): Tensor {
  const samples = onePicture(latent)
  const [batch, own, ...size] = samples.shape
  if (size.length < 2)
    throw new Error(
      'The latent is none of a picture, which is what the model draws. Use a node such as ' +
        'EmptyLatentImage.',
    )
  if (own === channels) return samples
  if (samples.data.some(value => value !== 0))
    throw new Error(
      `The latent has ${own} channels, the model works with ${channels}. It was made for another ` +
        'family of models: encode the picture with the VAE of this checkpoint.',
    )
  return tensor([batch!, channels, ...size])
}
