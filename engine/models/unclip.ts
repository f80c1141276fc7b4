// unCLIP: SD 2.1 models that see a picture as a vector beside the prompt, with as much noise on it as
// they are told. https://arxiv.org/abs/2204.06125, as in diffusers' StableUnCLIPImg2ImgPipeline
import { roundHalfEven } from '../image/resize.ts'
import { readFloats, type Weights } from '../inference/weights.ts'
import { TorchGenerator } from '../sampling/noise.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { waves } from './adm.ts'
import type { ConditioningItem, UnclipPicture } from './kinds.ts'

const levels = 1000
/** How much noise several pictures get together. */
const mergedNoise = 0.05
/** Each picture's noise follows from the run's seed, but is not that of its latent. */
const seedOffset = -10n

/** Of the vectors that the model was trained on. */
export interface UnclipStatistics {
  mean: Float32Array
  deviation: Float32Array
}

/** Undefined if the checkpoint is none. */
export function unclipStatistics({ tensors }: Weights): UnclipStatistics | undefined {
  const [mean, deviation] = ['mean', 'std'].map(name => tensors.get(`noise_augmentor.data_${name}`))
  return mean && deviation && { mean: readFloats(mean), deviation: readFloats(deviation) }
}

/** y [1,2·width]: the vector of all pictures, and how much noise is on it. Without any zeros. */
export function unclipVector(
  { unclip = [] }: Pick<ConditioningItem, 'unclip'>,
  statistics: UnclipStatistics,
  seed = 0n,
): Tensor {
  const { length: width } = statistics.mean
  const out = tensor([1, 2 * width])
  const pictures = unclip.flatMap(splitPictures)
  for (const { embeds, strength, noise } of pictures) {
    const one = augmented(embeds, levelOf(noise), drawn(width, seed), statistics)
    for (let i = 0; i < one.length; i++) out.data[i]! += one[i]! * strength
  }
  if (pictures.length < 2) return out
  const sum = out.data.slice(0, width)
  const merged = augmented(sum, levelOf(mergedNoise), drawn(width, seed), statistics)
  return tensor([1, 2 * width], merged)
}

function splitPictures({ embeds, strength, noiseAugmentation }: UnclipPicture) {
  const [count, width] = embeds.shape as [number, number]
  return Array.from({ length: count }, (_, i) => ({
    embeds: embeds.data.subarray(i * width, (i + 1) * width),
    strength,
    noise: noiseAugmentation,
  }))
}

const levelOf = (share: number): number => roundHalfEven((levels - 1) * share)

const drawn = (count: number, seed: bigint): Float32Array =>
  new TorchGenerator(BigInt.asUintN(64, seed + seedOffset)).normal(count)

/** The vector with noise of a level 0..999 on it, and then the level as waves. */
export function augmented(
  embeds: Float32Array,
  level: number,
  noise: Float32Array,
  { mean, deviation }: UnclipStatistics,
): Float32Array {
  const kept = signalAt(level)
  const [signal, more] = [Math.sqrt(kept), Math.sqrt(1 - kept)]
  const mixed = embeds.map((value, i) => {
    const scaled = (value - mean[i]!) / deviation[i]!
    return (signal * scaled + more * noise[i]!) * deviation[i]! + mean[i]!
  })
  return Float32Array.of(...mixed, ...waves(level, embeds.length))
}

/** How much of the signal is left, by a cosine. https://arxiv.org/abs/2102.09672, equation 17 */
function signalAt(level: number): number {
  const bar = (time: number) => Math.cos((((time + 0.008) / 1.008) * Math.PI) / 2) ** 2
  let product = 1
  for (let i = 0; i <= level; i++)
    product *= 1 - Math.min(1 - bar((i + 1) / levels) / bar(i / levels), 0.999)
  return product
}
