// Noise on a latent without a run.
import type { DiffusionModel, Latent } from '../models/kinds.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { noised } from './denoiser.ts'
import { scaled, unscale, withChannels } from './latent-scale.ts'
import type { Noise } from './sample.ts'

/** As much as lies between the first and the last σ. */
export function addNoiseTo(
  { sampling, latent: format }: DiffusionModel,
  latent: Latent,
  noise: Noise,
  sigmas: Float32Array,
): Tensor {
  const [first] = sigmas
  if (first === undefined) return latent.samples
  const sigma = sigmas.length > 1 ? Math.abs(first - sigmas.at(-1)!) : first
  const samples = withChannels(latent.samples, format.channels)
  const drawn = noise.draw(samples.shape, latent.batchIndex)
  const noisy = noised(sampling, scaled(samples, format), drawn, sigma)
  return unscale(tensor(samples.shape, noisy), format)
}
