import { latentShape, matchLatent } from '../../sampling/latents.ts'
import { type Tensor, tensor } from '../../tensor.ts'
import { defineNode, float, socket } from '../define.ts'

export const latentInterpolate = defineNode({
  type: 'LatentInterpolate',
  title: 'LatentInterpolate',
  category: 'latent/advanced',
  about: 'Mixes two latents by direction and by strength apart: at 1 only the first counts.',
  aliases: ['blend', 'mix'],
  inputs: {
    samples1: socket('LATENT'),
    samples2: socket('LATENT'),
    ratio: float({ default: 1, min: 0, max: 1, step: 0.01 }),
  },
  outputs: { LATENT: 'LATENT' },
  run({ samples1, samples2, ratio }) {
    const other = matchLatent(samples1.samples, samples2.samples)
    return { LATENT: { ...samples1, samples: interpolate(samples1.samples, other, ratio) } }
  },
})

/** Pixels are vectors over the channels. */
function interpolate(a: Tensor, b: Tensor, ratio: number): Tensor {
  const { batch, channels, height, width } = latentShape(a)
  const out = tensor(a.shape)
  const size = height * width
  for (let image = 0; image < batch; image++)
    for (let pixel = 0; pixel < size; pixel++) {
      const places = Array.from(
        { length: channels },
        (_, c) => (image * channels + c) * size + pixel,
      )
      const lengthOf = (data: Float32Array) => Math.hypot(...places.map(at => data[at]!))
      const [lengthA, lengthB] = [lengthOf(a.data), lengthOf(b.data)]
      // Nothing has no direction; it counts as 0.
      for (const at of places)
        out.data[at] =
          (a.data[at]! / (lengthA || 1)) * ratio + (b.data[at]! / (lengthB || 1)) * (1 - ratio)
      const length = (lengthA * ratio + lengthB * (1 - ratio)) / (lengthOf(out.data) || 1)
      for (const at of places) out.data[at]! *= length
    }
  return out
}
